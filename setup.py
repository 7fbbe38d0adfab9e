"""Compiles the hot files where that can be done; installs them as they stand where it cannot.

What else there is to say of the package is in setup.cfg.
"""

import os
import runpy
import sys

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

loader = runpy.run_path(os.path.join("autograd", "loader.py"))


class build_core(build_ext):
    """mypyc's C, compiled; whatever fails, what is installed is whole."""

    def run(self):
        built = os.path.join("" if self.inplace else self.build_lib, "autograd")
        try:
            from mypyc.build import mypycify

            # NumPy is not there when a wheel is built, and what lies around was checked before.
            files = ["--config-file=", "--ignore-missing-imports", "--follow-imports=silent"]
            files += ["--always-true=MYPYC"]
            files += [f"autograd/{name}.py" for name in loader["FILES"]]
            self.extensions = self.distribution.ext_modules = mypycify(
                files, group_name="whygrad", target_dir=self.build_temp
            )
            for extension in self.extensions:  # a newer compiler's new warning is no failure
                flags = extension.extra_compile_args
                extension.extra_compile_args = [flag for flag in flags if flag != "-Werror"]
            own_trashcan(os.path.join(self.build_temp, "__native_whygrad.c"))
            self.swig_opts = None  # finalized once more, as the extensions are known only now
            self.finalize_options()
            super().run()
        except (Exception, SystemExit) as error:  # no compiler, no mypy, or one that refuses
            if os.environ.get("WHYGRAD_COMPILED"):
                raise
            print(f"whygrad: the pure core is installed: {error!r}", file=sys.stderr)
            self.extensions = []
            for path in filter(os.path.exists, loader["extensions"](built)):
                os.remove(path)


def own_trashcan(source):
    """Put trashcan.h before mypyc's C: so any compiler takes it, without a flag of its own."""
    with open("trashcan.h", encoding="utf-8") as header, open(source, encoding="utf-8") as file:
        ours, theirs = header.read(), file.read()
    if "CPy_TRASHCAN_BEGIN(self, value___Value_dealloc)" not in theirs:
        raise RuntimeError("this mypy's C asks for a trashcan that trashcan.h does not replace")
    with open(source, "w", encoding="utf-8") as file:
        file.write(ours + theirs)


# An editable install stays pure unless asked: its files are there to be changed.
editable = "editable_wheel" in sys.argv or "develop" in sys.argv
wanted = not loader["is_pure"]() and (not editable or bool(os.environ.get("WHYGRAD_COMPILED")))
setup(
    ext_modules=[Extension("autograd.value", ["autograd/value.py"])] if wanted else [],
    cmdclass={"build_ext": build_core},
)
