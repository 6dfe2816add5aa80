"""The cases of tests/op_cases.py, one module a family of ops."""
