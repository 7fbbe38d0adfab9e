"""setuptools' build back end, which asks for mypy where the core is to be compiled."""

import os
import runpy
import shutil
import sys
import sysconfig

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403

MYPY = "mypy>=2.4,<3"  # the oldest that was tried


def compiler_is_there() -> bool:
    if sys.platform == "win32":
        return True  # where Microsoft's is, only the build finds out
    command = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
    return shutil.which(command.split()[0]) is not None


def get_requires_for_build_wheel(config_settings=None):
    asked = build_meta.get_requires_for_build_wheel(config_settings)
    loader = runpy.run_path(os.path.join("autograd", "loader.py"))
    wanted = os.environ.get("WHYGRAD_COMPILED") or compiler_is_there()
    return [*asked, MYPY] if wanted and not loader["is_pure"]() else asked


def get_requires_for_build_editable(config_settings=None):
    asked = build_meta.get_requires_for_build_editable(config_settings)
    return [*asked, MYPY] if os.environ.get("WHYGRAD_COMPILED") else asked
