"""Reads the weights of a model, each once, in the type in which the model holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mav_engine.backends.fingerprint import sample_indices
from mav_engine.backends.inference.kernels.numpy_linear import (
    NumpyProduct,
    Table,
    WeightType,
    numpy_product,
    numpy_table,
    rounded_to,
)
from mav_engine.backends.native.tensors import Tensor
from mav_engine.contract.arrays import Floats

Parameter = tuple[str, tuple[int, ...], str, bytes]
"""Name, shape, torch's name of the dtype, and the sampled values of a parameter."""


class WeightReader:
    """Makes the products, norms and tables of a model from its tensors.

    Args:
        tensors: by transformers' names.
        wanted: the type of the weights.
        threads: number of threads of the products.
    """

    def __init__(
        self,
        tensors: Mapping[str, Tensor],
        wanted: WeightType,
        threads: int,
    ) -> None:
        self._tensors, self.wanted, self.threads = tensors, wanted, threads
        self._dtype = f"torch.{'float32' if wanted == 'int8' else wanted}"
        self.parameters: list[Parameter] = []
        """Those that were read, as a torch model of this type has them."""
        self.nbytes = 0
        """Bytes of the weights in memory."""
        self.in_blocks = wanted == "float32" and any(
            each.block_bytes is not None for each in tensors.values()
        )
        """Whether weights stay in the blocks of their file."""

    def product(self, *modules: str, by_input: bool = False) -> NumpyProduct:
        """One product of linear layers with the same input: their outputs, concatenated.

        Args:
            modules: the names of the layers.
            by_input: whether their weights are stored as [inputs, outputs].
        """
        names = [f"{each}.bias" for each in modules if f"{each}.bias" in self._tensors]
        biases = [self.vector(name) for name in names]
        return self._product(modules, [f"{each}.weight" for each in modules], biases, by_input)

    def embedding(self, name: str, head: str, *, tied: bool) -> tuple[Table, NumpyProduct]:
        """The embedding and the product of the unembedding.

        Args:
            name: the tensor of the embedding.
            head: the layer of the unembedding.
            tied: whether it has the weights of the embedding.
        """
        product = self._product([head], [name if tied else f"{head}.weight"], [])
        if tied and product.table is not None:
            return product.table, product
        tensor = self._tensors[name]
        self._add(name, tensor)
        # Rows of it are only copied, so in an int8 model it need not be in memory.
        table = (
            tensor.rows() if self.wanted == "int8" else numpy_table(tensor.matrix(), self.wanted)
        )
        self.nbytes += table.nbytes
        return table, product

    def vector(self, name: str) -> Floats:
        """A norm, a bias or the positions."""
        tensor = self._tensors[name]
        self._add(name, tensor)
        values = rounded_to(tensor.read(), self.wanted)
        self.nbytes += values.nbytes
        return values

    def matrix(self, name: str) -> Floats:
        """All of a weight [outputs, inputs] in float32. The caller counts its bytes."""
        self._add(name, self._tensors[name])
        return self._tensors[name].matrix(through=self.wanted).whole()

    def _product(
        self,
        modules: Sequence[str],
        weights: Sequence[str],
        biases: Sequence[Floats],
        by_input: bool = False,
    ) -> NumpyProduct:
        tensors = [self._tensors[name] for name in weights]
        matrices = [each.matrix(by_input=by_input) for each in tensors]
        product = numpy_product(matrices, biases, wanted=self.wanted, threads=self.threads)
        self.nbytes += product.nbytes
        if product.scales is None:
            for name, tensor in zip(weights, tensors, strict=True):
                self._add(name, tensor)
            return product
        begin = 0
        for module, matrix in zip(modules, matrices, strict=True):
            part = product.scales[begin : begin + matrix.shape[0]]
            self._append(f"{module}.scales", part.shape, part[sample_indices(len(part))])
            begin += len(part)
        return product

    def _add(self, name: str, tensor: Tensor) -> None:
        self._append(name, tensor.shape, tensor.samples(self.wanted))

    def _append(self, name: str, shape: tuple[int, ...], samples: Floats) -> None:
        self.parameters.append((name, shape, self._dtype, samples.astype(np.float64).tobytes()))
