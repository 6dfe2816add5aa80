"""What threadpoolctl needs to know about pyclr's threads."""

import sys

import threadpoolctl

from . import _core


class PyclrController(threadpoolctl.LibController):
    """pyclr's compiled library, found by a symbol that no other one has."""

    user_api = internal_api = "pyclr"
    filename_prefixes = ("_core",)
    check_symbols = ("pyclr_num_threads",)

    def get_num_threads(self):
        return _core.num_threads()

    def set_num_threads(self, num_threads):
        _core.set_num_threads(num_threads)

    def get_version(self):
        return sys.modules[__package__].__version__


def register():
    major, minor = threadpoolctl.__version__.split(".")[:2]
    if (int(major), int(minor)) < (3, 4):
        raise ImportError(
            "threadpoolctl must be version 3.4 or newer. "
            f"Received: threadpoolctl {threadpoolctl.__version__}"
        )
    threadpoolctl.register(PyclrController)
