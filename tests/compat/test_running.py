"""`python -m pyclr.compat` runs programs as `python` does."""

import zipfile

import pytest

# Prints what a program can see of how it was started.
SHOW = """
    import sys
    print(__name__, globals().get("__file__"), sys.argv, sys.path[0], __package__, __spec__ is None)
    print(sys.modules["__main__"].__dict__ is globals())
    """


def same(programs, *arguments):
    """The process under compat, after checking that plain Python does and prints the same."""
    plain, ours = programs.run(*arguments, compat=False), programs.run(*arguments)
    assert (ours.returncode, ours.stdout) == (plain.returncode, plain.stdout)
    assert ours.stderr == plain.stderr
    return ours


def test_a_script_a_module_and_a_command_start_as_they_do_in_python(programs):
    programs.write(script=SHOW)
    assert same(programs, "script.py", "-x", "a b").returncode == 0
    assert same(programs, "-m", "script", "-x").returncode == 0
    assert same(programs, "-c", "import sys; print(sys.argv, sys.path[0])", "-x").returncode == 0


def test_a_script_in_another_folder_finds_its_own_modules(programs):
    (programs.folder / "deep").mkdir()
    (programs.folder / "deep" / "script.py").write_text(
        "import helper, sys; print(helper.x, sys.path[0])"
    )
    (programs.folder / "deep" / "helper.py").write_text("x = 1")
    assert same(programs, "deep/script.py").stdout.startswith("1 ")


def test_a_folder_and_a_zip_file_with_a_main_module(programs):
    (programs.folder / "app").mkdir()
    (programs.folder / "app" / "__main__.py").write_text("import sys; print(sys.argv, __file__)")
    with zipfile.ZipFile(programs.folder / "app.pyz", "w") as archive:
        archive.writestr("__main__.py", "import keras, sys; print(keras.Model, sys.argv)")
    assert same(programs, "app", "1").returncode == 0
    assert "pyclr" in programs.output("app.pyz", "1")


@pytest.mark.parametrize(
    "ending",
    ["raise SystemExit(7)", "raise SystemExit('sorry')", "import sys; sys.exit()", "import nope"],
)
def test_exit_codes(programs, ending):
    programs.write(script=ending)
    same(programs, "script.py")


def test_tracebacks_show_the_programs_frames_only(programs):
    programs.write(
        script="""
        def fail(x):
            return 1 / x

        try:
            fail(0)
        except ZeroDivisionError as error:
            raise ValueError("no") from error
        """,
        broken="def f(:\n    pass\n",
    )
    assert "ZeroDivisionError" in same(programs, "script.py").stderr
    assert "SyntaxError" in same(programs, "broken.py").stderr
    same(programs, "-c", "1 / 0")
    same(programs, "-m", "script")


def test_the_traceback_of_a_failed_import_ends_at_the_import(programs):
    programs.write(script="import tensorflow.foo\n")
    stderr = programs.run("script.py").stderr
    assert stderr.count("File ") == 1
    assert "import tensorflow.foo" in stderr


def test_what_is_not_there(programs):
    process = programs.run("nowhere.py")
    assert process.returncode == 2
    assert "can't open file" in process.stderr and "nowhere.py" in process.stderr
    assert programs.run("-m", "nowhere").returncode == 1
    for arguments in ((), ("-m",), ("-c",)):
        process = programs.run(*arguments)
        assert process.returncode == 1
        assert "usage: python -m pyclr.compat" in process.stderr
    assert "usage:" in programs.output("--help")
