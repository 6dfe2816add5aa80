"""One table of layers, a module a family: what is compared with Keras, and what every layer does.

Every module here but `case` has a list `CASES`.
"""

import importlib
import pkgutil

LAYERS = [
    row
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__))
    for row in getattr(importlib.import_module(f"{__name__}.{module}"), "CASES", ())
]
