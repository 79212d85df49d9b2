"""lakehouse.integers — what text counts as an integer, wherever one is delivered."""

import re

INTEGER = re.compile(
    r"-?[0-9]{1,19}|-?[0-9]{1,15}\.0{1,6}"
)  # `8693.0`: how pandas and Excel write a column with blanks
LEAST, MOST = -(2**63), 2**63 - 1


def parse(text: str) -> int | None:
    """Return the integer that a text is, spaces and tabs around it aside, or None.

    It is one of up to 19 ASCII digits within 64 bits, or of up to 15 with up to six zeros behind a decimal point;
    `1e12`, `+1`, `1.5` and `7.` are none.
    """
    bare = text.strip(" \t")
    if INTEGER.fullmatch(bare) is None:
        return None
    number = int(bare.partition(".")[0])
    return number if LEAST <= number <= MOST else None
