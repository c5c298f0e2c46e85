"""What pyproject.toml cannot say: compiled sources, and the built site.

Each source is compiled for several kinds of processors. Each build is optional: where there is no
compiler, or it does not know a processor, or it has no OpenMP, as Apple's, that build is missing,
and the engine takes the next one or computes with numpy and torch.

The builds are libraries that use nothing of Python, so one wheel serves all versions of Python.
"""

import runpy
import shutil
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_py import build_py

FOLDER = "mav_engine/backends/inference/kernels/native"
BUILDS = runpy.run_path(f"{FOLDER}/builds.py")
source_digest, compiled_kinds = BUILDS["source_digest"], BUILDS["compiled_kinds"]
HEADERS = (
    "attention", "llama_pass", "norm", "panels", "pass", "runs_here", "tiles", "vectors",
)  # fmt: skip
FLAGS = ["-O3", "-fno-math-errno", "-Wno-psabi"]
THREADS = {
    "blocks": ["-fopenmp"],
    "llama": ["-pthread"],
    "prediction": [],
    "products": ["-fopenmp"],
    "halves": ["-fopenmp"],
    "int8": ["-fopenmp"],
    "small": [],
    "strongest": [],
}
EXACT = {"int8": ["-ffp-contract=off"]}  # all builds round as numpy does
PROCESSORS = {
    "": [],
    "_avx2": ["-march=x86-64-v3"],
    "_avx512": ["-march=x86-64-v4"],
    "_vnni": ["-march=x86-64-v4", "-mavx512vnni"],
}
# The compiler of Python for Windows has neither the vector types of the sources nor pthreads.
SOURCES = {} if sys.platform == "win32" else THREADS
# Python without a global lock takes no wheels for all versions.
ONE_FOR_ALL = not sysconfig.get_config_var("Py_GIL_DISABLED")
SITE = Path("frontend/out")


def _weights(folder: str, names: list[str]) -> list[str]:
    """The files of the embedded models, which the package has outside of the site."""
    return names if Path(folder).parent == SITE / "models" else []


class WithSite(build_py):
    """Puts the built site into the package, if it has been built."""

    def run(self) -> None:
        """Copy the package and the site; an editable installation serves the site as it is."""
        super().run()
        if SITE.is_dir() and not self.editable_mode:
            inside = Path(self.build_lib, "mav_engine", "site")
            shutil.rmtree(inside, ignore_errors=True)
            shutil.copytree(SITE, inside, ignore=_weights)


setup(
    ext_modules=[
        Extension(
            f"mav_engine.backends.inference.kernels.native._{source}{kind}",
            [f"{FOLDER}/{source}.c"],
            define_macros=[("MAV_SOURCE_DIGEST", f'"{source_digest(source)}"')],
            depends=[f"{FOLDER}/{header}.h" for header in HEADERS],
            extra_compile_args=[*FLAGS, *threads, *EXACT.get(source, []), *PROCESSORS[kind]],
            extra_link_args=threads,
            optional=True,
            py_limited_api=ONE_FOR_ALL,
        )
        for source, threads in SOURCES.items()
        for kind in compiled_kinds(source)
    ],
    cmdclass={"build_py": WithSite},
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if ONE_FOR_ALL else {},
)
