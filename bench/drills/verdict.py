"""How a drill fails: with a sentence that says what was found and what was expected."""


class DrillFailed(Exception):
    """Something that the contract or an invariant promises did not hold."""


def expect(holds: bool, otherwise: str) -> None:
    """Raises DrillFailed with that sentence unless `holds`."""
    if not holds:
        raise DrillFailed(otherwise)
