"""What pyproject.toml cannot say: one source compiled for several kinds of processors.

Each build is optional. Where there is no compiler, or it does not know a processor, that build is
missing, and the engine takes the next one or computes with numpy.
"""

import platform

from setuptools import Extension, setup

FLAGS = ["-O3", "-fno-math-errno", "-Wno-psabi", "-pthread"]
KINDS = {"_llama": []}
if platform.machine().lower() in {"x86_64", "amd64"}:
    KINDS = {"_llama_avx512": ["-march=x86-64-v4"], "_llama_avx2": ["-march=x86-64-v3"]}

setup(
    ext_modules=[
        Extension(
            f"mav_engine.backends.native.{name}",
            ["mav_engine/backends/native/llama.c"],
            extra_compile_args=[*FLAGS, *flags],
            extra_link_args=["-pthread"],
            optional=True,
        )
        for name, flags in KINDS.items()
    ]
)
