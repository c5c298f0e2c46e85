"""What pyproject.toml cannot say: sources compiled for several kinds of processors.

Each build is optional. Where there is no compiler, or it does not know a processor, or there is no
OpenMP, that build is missing, and the engine takes the next one or computes with numpy and torch.
"""

import platform
import runpy

from setuptools import Extension, setup

FOLDER = "mav_engine/backends/inference/kernels/native"
source_digest = runpy.run_path(f"{FOLDER}/builds.py")["source_digest"]
HEADERS = ("attention", "norm", "runs_here", "vectors")
FLAGS = ["-O3", "-fno-math-errno", "-Wno-psabi"]
THREADS = {"llama": ["-pthread"], "products": ["-fopenmp"], "int8": ["-fopenmp"], "small": []}
EXACT = {"int8": ["-ffp-contract=off"]}  # all builds round as numpy does
PLAIN, WHOLE = {"": []}, {}
if platform.machine().lower() in {"x86_64", "amd64"}:
    PLAIN = {"_avx512": ["-march=x86-64-v4"], "_avx2": ["-march=x86-64-v3"]}
    WHOLE = {"_vnni": ["-march=x86-64-v4", "-mavx512vnni"], "_avx2": ["-march=x86-64-v3"]}
KINDS = {"llama": PLAIN, "products": PLAIN, "small": PLAIN, "int8": WHOLE}

setup(
    ext_modules=[
        Extension(
            f"mav_engine.backends.inference.kernels.native._{source}{kind}",
            [f"{FOLDER}/{source}.c"],
            define_macros=[("MAV_SOURCE_DIGEST", f'"{source_digest(source)}"')],
            depends=[f"{FOLDER}/{header}.h" for header in HEADERS],
            extra_compile_args=[*FLAGS, *THREADS[source], *EXACT.get(source, []), *flags],
            extra_link_args=THREADS[source],
            optional=True,
        )
        for source, kinds in KINDS.items()
        for kind, flags in kinds.items()
    ]
)
