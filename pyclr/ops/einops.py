"""`rearrange`: axes split, joined and moved by a pattern (Rogozhnikov, einops)."""

from __future__ import annotations

import math
import re

from .. import _core
from .core import convert_to_tensor

__all__ = [
    "rearrange",
]  # fmt: skip


def rearrange(tensor, pattern, **axes_lengths):
    """Returns a tensor with its axes split, joined and moved as a pattern says.

    Args:
        tensor: Tensor.
        pattern: String such as `"b (h p) c -> b h (p c)"`: a name for each axis; in parentheses,
            the axes that are joined to one; `1` for an axis of size 1; `...` for any others.
        **axes_lengths: The sizes of axes, where the pattern splits one.

    Example:

    ```python
    patches = pyclr.ops.rearrange(images, "b (h p) (w q) c -> b (h w) (p q c)", p=4, q=4)
    ```
    """
    x = convert_to_tensor(tensor)
    left, arrow, right = pattern.partition("->")
    if not arrow:
        raise ValueError(
            f"Argument `pattern` must be of the form 'a b -> b a'. Received: {pattern}"
        )
    sources, targets = _groups(left), _groups(right)
    hidden = x.ndim - (len(sources) - ("..." in sources))
    if hidden < 0 or (hidden and "..." not in sources):
        raise ValueError(
            f"The pattern '{pattern}' does not name the axes of a tensor of shape {x.shape}."
        )
    unnamed = [f"...{i}" for i in range(hidden)]
    sources, targets = _expanded(sources, unnamed), _expanded(targets, unnamed)
    names = [name for group in sources for name in group]
    if sorted(names) != sorted(name for group in targets for name in group):
        raise ValueError(f"Both sides of '{pattern}' must name the same axes, each once.")
    sizes = dict(axes_lengths)
    for group, dim in zip(sources, x.shape):
        unknown = [name for name in group if name not in sizes]
        known = math.prod(sizes[name] for name in group if name in sizes)
        if len(unknown) > 1 or (known != dim if not unknown else known == 0 or dim % known):
            raise ValueError(
                f"The sizes of {group} in '{pattern}' do not follow from a dimension of {dim}. "
                f"Received: {axes_lengths} for a tensor of shape {x.shape}"
            )
        if unknown:
            sizes[unknown[0]] = dim // known
    order = [names.index(name) for group in targets for name in group]
    x = _core.ops.reshape(x, shape=[sizes[name] for name in names])
    x = _core.ops.transpose(x, permutation=order)
    return _core.ops.reshape(x, shape=[math.prod(sizes[n] for n in group) for group in targets])


def _groups(side):
    """`"a (b c) 1 ..."` as `[["a"], ["b", "c"], [], "..."]`."""
    groups = []
    for part in re.findall(r"\([^)]*\)|\S+", side):
        names = part.strip("()").split()
        groups.append(part if part == "..." else [name for name in names if name != "1"])
    return groups


def _expanded(groups, unnamed):
    """The groups with the names of the axes that `...` stands for."""
    result = []
    for group in groups:
        if group == "...":
            result += [[name] for name in unnamed]
        elif "..." in group:
            at = group.index("...")
            result.append(group[:at] + unnamed + group[at + 1 :])
        else:
            result.append(group)
    return result
