"""Config: named values, read and set as attributes or as items."""

from __future__ import annotations

import json


class Config:
    """A dictionary of named values that are attributes too, and that can be frozen.

    Args:
        **kwargs: The values.

    Example:

    ```python
    config = pyclr.utils.Config(learning_rate=0.1)
    config.momentum = 0.9
    config["seed"] = 1
    config.freeze()
    assert config.seed == 1 and sorted(config) == ["learning_rate", "momentum", "seed"]
    ```
    """

    def __init__(self, **kwargs):
        object.__setattr__(self, "_config", kwargs)
        object.__setattr__(self, "_frozen", False)

    @property
    def frozen(self):
        """Whether the values can not be changed."""
        return self._frozen

    def freeze(self):
        """Forbids changes: they raise a ValueError."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self):
        """Allows changes again."""
        object.__setattr__(self, "_frozen", False)

    def as_dict(self):
        """Returns the values as a dictionary."""
        return dict(self._config)

    def to_json(self):
        """Returns the values as JSON text."""
        return json.dumps(self._config)

    def keys(self):
        return self._config.keys()

    def values(self):
        return self._config.values()

    def items(self):
        return self._config.items()

    def get(self, keyname, value=None):
        """Returns a value, or `value` if there is none of the name."""
        return self._config.get(keyname, value)

    def pop(self, *args):
        """Removes a value and returns it; takes the arguments of `dict.pop`."""
        self._check_not_frozen()
        return self._config.pop(*args)

    def update(self, *args, **kwargs):
        """Sets several values; takes the arguments of `dict.update`."""
        self._check_not_frozen()
        self._config.update(*args, **kwargs)

    def _check_not_frozen(self):
        if self._frozen:
            raise ValueError("The config is frozen and can not be changed.")

    def __getattr__(self, name):
        # Called for what is not found otherwise. A copy that is being made has no values yet.
        values = self.__dict__.get("_config", {})
        if name in values:
            return values[name]
        import difflib

        close = difflib.get_close_matches(name, values, n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise AttributeError(f"The config has no '{name}'.{hint}")

    def __setattr__(self, name, value):
        if hasattr(type(self), name):
            raise AttributeError(f"'{name}' is a method of Config: set it as config['{name}'].")
        self[name] = value

    def __getitem__(self, key):
        return self._config[key]

    def __setitem__(self, key, item):
        self._check_not_frozen()
        self._config[key] = item

    def __delitem__(self, key):
        self._check_not_frozen()
        del self._config[key]

    def __contains__(self, item):
        return item in self._config

    def __iter__(self):
        return iter(sorted(self._config))

    def __len__(self):
        return len(self._config)

    def __repr__(self):
        return f"<Config {self._config}>"
