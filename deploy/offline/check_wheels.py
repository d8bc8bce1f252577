"""Look whether a folder of wheels holds all that the product asks for on another system: FOLDER linux|windows.

pip resolves for the machine it runs on; this reads what each wheel asks for, as that other system would read it.
Needs the package 'packaging', which the product's own environment has. Exit code 1 if something is missing.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

SYSTEMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix", "platform_machine": "x86_64"},
    "windows": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"},
}


def requirements(wheel: Path) -> list[Requirement]:
    """What a wheel asks for."""
    with zipfile.ZipFile(wheel) as content:
        name = next(name for name in content.namelist() if name.endswith(".dist-info/METADATA"))
        told = Parser().parsestr(content.read(name).decode("utf-8"))
    return [Requirement(line) for line in told.get_all("Requires-Dist") or []]


def faults(folder: Path, system: str) -> Iterator[str]:
    """What is missing or of a wrong version, beginning with the product."""
    found: dict[str, tuple[Version, list[Requirement]]] = {}
    for wheel in folder.glob("*.whl"):
        name, version, *_ = parse_wheel_filename(wheel.name)
        found[name] = version, requirements(wheel)
    if "extractor" not in found:
        yield "extractor itself"
        return
    todo: list[tuple[str, tuple[str, ...]]] = [("extractor", ())]
    seen = set(todo)
    while todo:
        name, extras = todo.pop()
        for wanted in found[name][1]:
            asked = [wanted.marker.evaluate({**SYSTEMS[system], "extra": extra}) for extra in extras or ("",)
                     ] if wanted.marker else [True]  # fmt: skip
            key = canonicalize_name(wanted.name)
            if not any(asked):
                continue
            if key not in found:
                yield f"{name} asks for {wanted}"
            elif not wanted.specifier.contains(found[key][0], prereleases=True):
                yield f"{name} asks for {wanted}, there is {found[key][0]}"
            elif (step := (key, tuple(sorted(wanted.extras)))) not in seen:
                seen.add(step)
                todo.append(step)


if __name__ == "__main__":
    missing = sorted(set(faults(Path(sys.argv[1]), sys.argv[2])))
    sys.stdout.write("".join(f"Missing: {line}\n" for line in missing))
    sys.exit(bool(missing))
