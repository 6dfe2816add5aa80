"""Whose `tensorflow` is whose."""

import pytest

EVERY_WAY = """
    import importlib
    import importlib.util

    import tensorflow as tf
    from tensorflow import keras
    from tensorflow.keras import layers
    import tensorflow.keras.layers as L
    from keras.callbacks import Callback
    import keras.optimizers.schedules
    import tensorflow_addons as tfa
    import tf_keras

    import pyclr

    assert tf.__version__.endswith("+pyclr") and keras.__version__.endswith("+pyclr")
    assert L is layers and L.Dense is pyclr.layers.Dense
    assert Callback is pyclr.callbacks.Callback
    assert tf_keras.Model is tf.keras.Model is pyclr.Model
    assert tfa.optimizers.CyclicalLearningRate is pyclr.optimizers.schedules.CyclicalLearningRate
    assert __import__("tensorflow") is tf
    assert __import__("tensorflow.keras", fromlist=["layers"]) is tf.keras
    assert importlib.import_module("tensorflow.keras.layers") is layers
    assert importlib.util.find_spec("tensorflow.keras") is not None
    assert importlib.util.find_spec("tensorflow.lite") is None
    scope = {}
    exec("from keras import Sequential", scope)
    assert scope["Sequential"] is pyclr.Sequential
    from tensorflow.keras.losses import *
    assert MeanSquaredError is pyclr.losses.MeanSquaredError
    """


@pytest.fixture(params=[False, True], ids=["nothing installed", "TensorFlow installed"])
def anywhere(request, programs):
    if request.param:
        programs.install_tensorflow()
    return programs, "real" if request.param else "nothing"


def test_user_code_gets_pyclr_and_installed_packages_do_not(anywhere):
    programs, real = anywhere
    programs.write(
        helper=EVERY_WAY,
        main=EVERY_WAY
        + f"""
    import helper, probe, sys
    assert helper.tf is tf
    assert probe.found == {real!r}, probe.found
    assert tf.__version__.endswith("+pyclr")
    assert ("tensorflow" in sys.modules) == {real == "real"}
    """,
    )
    programs.output("main.py")


def test_a_module_looked_up_by_an_installed_package_is_the_real_one(programs):
    programs.install_tensorflow()
    programs.write(
        main="""
        import probe
        import tensorflow
        assert probe.find_by_name("tensorflow").__version__ == "real"
        try:
            from tensorflow import only_in_the_real_one
        except ImportError as error:
            print(error)
        """
    )
    assert "pyclr has no 'tf.only_in_the_real_one'" in programs.output("main.py")


def test_code_that_an_installed_package_runs_without_a_file_is_its_own(programs):
    programs.install(
        "runner",
        """
        def run(source):
            scope = {}
            exec(source, scope)
            return scope
        """,
    )
    programs.write(
        main="""
        import runner
        try:
            runner.run("import tensorflow")
        except ImportError as error:
            print(error)
        """
    )
    assert programs.output("main.py") == "No module named 'tensorflow'"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("import tensorflow.lite", "ModuleNotFoundError: pyclr has no 'tf.lite' (asked for under"),
        ("import keras.foo.bar", "ModuleNotFoundError: pyclr has no 'keras.foo' (asked"),
        ("from tensorflow.keras.layers import Dens", "ImportError: pyclr has no 'tf.keras.layers."),
        ("import tensorflow as tf; tf.keras.foo", "AttributeError: pyclr has no 'tf.keras.foo'"),
        (
            "import tensorflow as tf; tf.math.reduce_men",
            "Did you mean 'tf.math.reduce_mean'?",
        ),
    ],
)
def test_a_missing_name_says_so(programs, statement, message):
    process = programs.run("-c", statement)
    assert process.returncode == 1
    assert message in process.stderr


def test_install_and_uninstall_in_a_running_program(programs):
    programs.write(
        main="""
        import builtins, pyclr.compat
        from pyclr.saving import object_registration
        before = builtins.__import__

        class IPython: pass

        for install, uninstall in [
            (pyclr.compat.install, pyclr.compat.uninstall),
            (lambda: pyclr.compat.load_ipython_extension(IPython()),
             lambda: pyclr.compat.unload_ipython_extension(IPython())),
        ]:
            install()
            install()
            import tensorflow as tf
            assert tf.Variable is pyclr.Variable
            assert object_registration.allow_unregistered_functions
            uninstall()
            assert builtins.__import__ is before
            assert not object_registration.allow_unregistered_functions
            try:
                import tensorflow
            except ModuleNotFoundError as error:
                assert str(error) == "No module named 'tensorflow'"
            else:
                raise AssertionError("uninstall left tensorflow importable")
        """
    )
    process = programs.run("main.py", compat=False)
    assert process.returncode == 0, process.stderr


def test_pickles_and_spawned_processes(programs):
    programs.write(
        work="""
        import tensorflow as tf

        def square(x):
            return float(tf.square(float(x)))
        """,
        main="""
        import multiprocessing, pickle
        import tensorflow as tf
        from work import square

        def version(_):
            return tf.__version__

        if __name__ == "__main__":
            assert pickle.loads(pickle.dumps(tf.keras.layers)) is tf.keras.layers
            assert pickle.loads(pickle.dumps(version)) is version
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                print(pool.map(square, [2, 3]), pool.map(version, [0]) == [tf.__version__])
        """,
    )
    assert programs.output("main.py") == "[4.0, 9.0] True"
