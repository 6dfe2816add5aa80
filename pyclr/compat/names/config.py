"""`tf.config` and `tf.test`: threads and devices. There is one device, the CPU."""

from __future__ import annotations

from collections import namedtuple

from ... import config

PhysicalDevice = namedtuple("PhysicalDevice", ["name", "device_type"])
LogicalDevice = namedtuple("LogicalDevice", ["name", "device_type"])


def list_physical_devices(device_type=None):
    device = PhysicalDevice("/physical_device:CPU:0", "CPU")
    return [device] if device_type in (None, device.device_type) else []


def list_logical_devices(device_type=None):
    device = LogicalDevice("/device:CPU:0", "CPU")
    return [device] if device_type in (None, device.device_type) else []


def get_visible_devices(device_type=None):
    return list_physical_devices(device_type)


def gpu_device_name():
    return ""


def is_gpu_available(cuda_only=False, min_cuda_compute_capability=None):
    return False


def is_built_with_cuda():
    return False


def get_intra_op_parallelism_threads():
    return config.num_threads()


def set_intra_op_parallelism_threads(num_threads):
    """0, "the system's choice", leaves the number as it is."""
    if num_threads:
        config.set_num_threads(num_threads)


def get_inter_op_parallelism_threads():
    return 1


def set_inter_op_parallelism_threads(num_threads):
    """Has no effect: one operation runs at a time, on all threads."""


def set_memory_growth(device, enable):
    """Has no effect: there is no GPU."""


def run_functions_eagerly(run_eagerly):
    """Has no effect: functions are called as they are; see `model.compile(run_eagerly=True)`."""


def enable_op_determinism():
    """Has no effect: pyclr's results are always the same."""
