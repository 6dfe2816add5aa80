"""The one interface of all training data.

A source gives the batches of an epoch in order. Arrays hand them out in stretches of many, which
C++ replays without Python; anything iterable gives one at a time. What an epoch holds is a function
of the source's seed and the epoch's number, never of how often the source was used before, as far
as what it is made of allows that.
"""

from __future__ import annotations

from .. import tree


class Source:
    """Batches, epoch by epoch; the base of all kinds of data.

    The trainer calls `begin`, then `next` and `advance` in turn until `next` returns `None` or it
    has had enough, and in the end `close`.

    Attributes:
        steps: Batches of an epoch, or `None` when that is not known.
        endless: Boolean, whether an epoch is known to have no end.
        one_shot: Boolean, whether the batches come once only: `begin` goes on where they stand.
        seed: Integer, decides the order of shuffled epochs.
    """

    steps = None
    endless = False
    one_shot = False
    seed = 0

    def begin(self, epoch, shuffle=False):
        """Goes to the first batch of an epoch.

        Args:
            epoch: Integer, the number of the epoch.
            shuffle: Boolean, or `"batch"` to shuffle batches as wholes.
        """
        raise NotImplementedError

    def next(self, limit=None):
        """Returns the coming batches of one shape, a `Stretch`, or `None` after the last.

        Args:
            limit: Integer, at most so many; or `None`.
        """
        raise NotImplementedError

    def advance(self, count):
        """Goes on by `count` batches of the stretch that `next` returned."""
        raise NotImplementedError

    def skip(self, count):
        """Goes on by `count` batches, or to the end of the epoch: to go on with an epoch within it,
        `begin` and skip what is done."""
        done = 0
        while done < count and (stretch := self.next(count - done)) is not None:
            self.advance(stretch.count)
            done += stretch.count

    def sample(self):
        """Returns data to check and to build a model by: all of it, or the first batch, as an
        `ArrayData`. No batch is lost by it."""
        raise NotImplementedError

    def samples_in(self, steps):
        """Returns how many samples the first batches of an epoch (`None`: all) hold, or `None`
        when that is not known."""
        return None

    def on_epoch_begin(self):
        """The trainer begins an epoch (of its own count: see `Continued`)."""

    def on_epoch_end(self):
        """The trainer has ended an epoch."""

    def close(self):
        """Ends iterators and workers."""


class Stretch:
    """Consecutive batches of one shape.

    Attributes:
        key: What distinguishes the shape of these batches: equal keys may share a program.
        nest: The structure `(x, y, sample_weight)`, `None` for what is absent.
        rows: Samples in each batch.
        count: Number of batches.
    """

    def __init__(self, key, nest, rows, count):
        self.key, self.nest, self.rows, self.count = key, nest, rows, count

    def tensors(self):
        """Returns the first batch, the leaves of `nest` as tensors."""
        raise NotImplementedError

    def replay(self, program, feeds, count, seconds, sink):
        """Replays a program on the first `count` batches, for about so many seconds at most.

        Args:
            sink: A `Sink` that takes all outputs, or `None`.

        Returns:
            How many batches it were, and the outputs of the last.
        """
        raise NotImplementedError


class Continued(Source):
    """Epochs of `steps` batches each, cut from one pass after another over a source.

    An epoch goes on where the last one stopped. It is shorter when the pass ends; the next one
    begins a new pass.

    Args:
        source: The `Source`.
        steps: Integer, batches of an epoch.
        first: Integer, the number of the first epoch, which begins a pass.
    """

    def __init__(self, source, steps, first=0):
        self._source, self.steps, self._first = source, steps, first
        self.one_shot = source.one_shot
        self._epoch = None  # begun last
        self._pass = None  # the number of the pass over the source
        self._base = self._done = 0  # batches of the pass before this epoch, and in it
        self._ended = False

    def begin(self, epoch, shuffle=False):
        if epoch == self._epoch and self._done == 0:
            return
        if self._epoch is None or epoch != self._epoch + 1:
            self._go_to(epoch, shuffle)
        else:
            self._next_epoch(shuffle)
        self._epoch = epoch

    def _go_to(self, epoch, shuffle):
        index = epoch - self._first
        known = self._source.steps
        if known is not None:
            in_a_pass = -(-known // self.steps)
            self._new_pass(self._first + index // in_a_pass, shuffle)
            self._base = index % in_a_pass * self.steps
            self._source.skip(self._base)
        else:
            self._new_pass(self._first, shuffle)
            for _ in range(index):
                self.skip(self.steps)
                self._next_epoch(shuffle)

    def _next_epoch(self, shuffle):
        self._base, self._done = self._base + self._done, 0
        known = self._source.steps
        if known is not None:
            self._ended = self._ended or self._base >= known
        elif not self._source.one_shot:
            self._ended = self._source.next(1) is None
        if self._ended:
            self._new_pass(self._pass + 1, shuffle)

    def _new_pass(self, number, shuffle):
        self._pass, self._base, self._done, self._ended = number, 0, 0, False
        self._source.begin(number, shuffle)

    def next(self, limit=None):
        left = self.steps - self._done
        stretch = self._source.next(left if limit is None else min(left, limit)) if left else None
        self._ended = self._ended or (stretch is None and left > 0)
        return stretch

    def advance(self, count):
        self._source.advance(count)
        self._done += count

    def skip(self, count):
        count = min(count, self.steps - self._done)
        self._source.skip(count)
        self._done += count

    def sample(self):
        return self._source.sample()

    def samples_in(self, steps):
        return None if self._base else self._source.samples_in(self.steps)

    def on_epoch_begin(self):
        self._source.on_epoch_begin()

    def on_epoch_end(self):
        self._source.on_epoch_end()

    def close(self):
        self._source.close()


def token(nest):
    """Returns a hashable value that is equal for equal structures, whatever the leaves hold."""
    if nest is None:
        return None
    if isinstance(nest, dict):
        return "dict", tuple((key, token(nest[key])) for key in sorted(nest))
    if isinstance(nest, (list, tuple)):
        return type(nest).__name__, tuple([token(item) for item in nest])
    return True


def pack(nest, tensors):
    """Returns what a step is given for a batch: `x`, `(x, y)` or `(x, y, sample_weight)`, as long
    as something is there, with tensors for the leaves of `nest`."""
    iterator = iter(tensors)
    x, y, weight = tree.map_structure(lambda leaf: None if leaf is None else next(iterator), nest)
    if weight is not None:
        return x, y, weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, (list, tuple)) else x
