"""What mypyc is told beyond the types: nothing, where the files run as they stand.

Read by the files that are compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_extensions import i32 as i32
    from mypy_extensions import mypyc_attr as mypyc_attr
else:
    i32 = int

    def mypyc_attr(*_: str, **attributes: Any) -> Any:
        return lambda kind: kind
