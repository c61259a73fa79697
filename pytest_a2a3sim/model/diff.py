"""Comparisons of outputs with what is expected of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pytest_a2a3sim.model.recording import BufferUse
    from pytest_a2a3sim.model.schedule import Schedule
    from pytest_a2a3sim.model.tensor import Bytes, Tensor
    from pytest_a2a3sim.model.tolerance import Tolerance


@frozen
class Pair:
    """What the device left of a tensor, and what compute_golden did.

    Attributes:
        tensor: says name, shape and dtype.
        actual: bytes of the elements in C order, as :meth:`Tensor.raw` returns them.
        expected: likewise.
        tolerance: allowed difference.
        compared: which elements count, shape ``(size,)``; the others hold in ``actual`` what is
            expected of them. None where all count.
        why_not: why the others do not count, as in ``by compare_outputs``.
    """

    tensor: Tensor
    actual: Bytes
    expected: Bytes
    tolerance: Tolerance
    compared: npt.NDArray[np.bool_] | None = None
    why_not: str = ""


@frozen
class Census:
    """How many elements of a tensor are not finite."""

    nan: int = 0
    positive_infinity: int = 0
    negative_infinity: int = 0


@frozen
class Difference:
    """One element that does not match.

    Attributes:
        index: in the tensor's own shape.
        difference: ``actual - expected``; exact for ints.
        allowed: ``atol + rtol * |expected|``; 0 for bool and where expected is not finite.
        byte: what the device wrote into a bool that is neither 0 nor 1.
    """

    index: tuple[int, ...]
    actual: Any
    expected: Any
    difference: float
    allowed: float
    byte: int | None = None


@frozen
class Bin:
    """One bar of a histogram: ``count`` elements with ``above < value <= upto``."""

    above: float
    upto: float
    count: int


@frozen
class Diagnosis:
    """What the mismatches of a tensor look like.

    Attributes:
        kind: machine-readable name, such as ``"transposed"``.
        text: the claim with its numbers, as one sentence.
        brief: the claim in a few words, which follow a number of mismatches and a colon.
    """

    kind: str
    text: str
    brief: str


@frozen
class HeatStrip:
    """Where the mismatches are, along the leading axes.

    Attributes:
        axes: the leading axes that are shown; the others are summed up.
        cells: indices of those axes in C order that share one column.
        shares: mismatched share of each column's elements, 0.0 to 1.0.
    """

    axes: tuple[int, ...]
    cells: int
    shares: tuple[float, ...]


@frozen
class TensorDiff:
    """The comparison of one tensor.

    Attributes:
        size: number of elements that are compared.
        matched: number of elements that match, of ``size``.
        differing: number of elements that are not equal, whether they match or not.
        max_abs_error: largest ``|actual - expected|``, and where it is first reached; 0 and
            None when all elements are equal. An exact int for int types.
        max_rel_error: largest ``|actual - expected| / |expected|``, likewise; where expected is 0
            and actual is not, it is infinite.
        max_ulp_error: largest distance in representable values among pairs of finite numbers,
            likewise; for int types their difference.
        actual_census: NaN and infinities that the device wrote.
        expected_census: NaN and infinities of compute_golden.
        ulp_histogram: elements by distance; those that are equal or not finite are left out.
        tolerance_histogram: elements by error divided by allowed error.
        mismatches: the first elements that do not match, in C order.
        diagnoses: what the mismatches look like; empty where nothing holds for them.
        heat: where the mismatches are; None for a tensor that matches or has one element.
        left_out: number of elements that are not compared.
        why_left_out: why they are not, as in ``by compare_outputs``.
        beyond_budget: number of elements that do not match by more than the tolerance's budget
            allows; those that do not match, where it has none.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    size: int
    matched: int
    differing: int
    tolerance: Tolerance
    max_abs_error: float
    max_abs_index: tuple[int, ...] | None
    max_rel_error: float
    max_rel_index: tuple[int, ...] | None
    max_ulp_error: int
    max_ulp_index: tuple[int, ...] | None
    actual_census: Census
    expected_census: Census
    ulp_histogram: tuple[Bin, ...]
    tolerance_histogram: tuple[Bin, ...]
    mismatches: tuple[Difference, ...]
    diagnoses: tuple[Diagnosis, ...] = ()
    heat: HeatStrip | None = None
    left_out: int = 0
    why_left_out: str = ""
    beyond_budget: int = 0

    @property
    def allowed_mismatches(self) -> int:
        """How many elements need not match."""
        budget = self.tolerance.budget
        return 0 if budget is None else int(budget.share * self.size)

    @property
    def passed(self) -> bool:
        """Whether every element matches, but for those that the budget allows."""
        return self.beyond_budget == 0 and self.size - self.matched <= self.allowed_mismatches


@frozen
class OrderDifference:
    """An output that depends on the order of tasks that nothing orders.

    Attributes:
        tensor: the output's name.
        count: elements that differ between the two orders, of ``size``.
        first: index of the first of them in the tensor's own shape.
        orders: the two orders, each executed on one thread.
        values: that element after each of them.
    """

    tensor: str
    count: int
    size: int
    first: tuple[int, ...]
    orders: tuple[Schedule, Schedule]
    values: tuple[str, str]


UnwrittenKind = Literal["written", "copied back", "copied"]


@frozen
class Unwritten:
    """Elements of one output where nothing was written.

    They count even where they match by chance, if no kernel wrote them, or if others were copied
    back twice in their place.

    Attributes:
        tensor: the output's name.
        what: no kernel wrote them, no tensor pair copied them back, or they are copies of other
            device memory that nobody wrote.
        count: how many of the output's ``size`` elements.
        first: index of the first of them in the tensor's own shape.
        twice: other bytes of the output that were copied back more than once.
    """

    tensor: str
    what: UnwrittenKind
    count: int
    size: int
    first: tuple[int, ...]
    twice: int = 0


@frozen
class UnwrittenRead:
    """Outputs depend on what a device buffer held before anybody had written to it.

    Two runs that differ in nothing but that have shown it.

    Attributes:
        use: what the case does with the buffer.
        kernels: of the buffer's first tasks, by name.
        source: file and line of the call that allocated it, None where unknown.
        changed: what differs between the two runs.
        copied_to: outputs that are copied back from the buffer.
        not_copied: inputs of the same size, none of which was copied to the device.
    """

    use: BufferUse
    kernels: tuple[str, ...]
    source: str | None
    changed: tuple[OrderDifference, ...]
    copied_to: tuple[str, ...]
    not_copied: tuple[str, ...]
