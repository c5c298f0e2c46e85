"""A backend: any model of transformers with the MLP of its last layer silenced."""

from mav_engine.models import embedded_models


def load(model, *, device="cpu"):
    """The model of a folder or hub name, on a device, as MAV's `Backend`."""
    # Importing torch takes seconds, which `mav plugins` does not need.
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from mav_engine.backends.hf.architectures import possible_parts, text_config
    from mav_engine.backends.hf.borrowed_model import borrowed_backend

    source = embedded_models().get(model, model)
    loaded = AutoModelForCausalLM.from_pretrained(source, dtype="auto").float().to(device).eval()
    layers = text_config(loaded.config).num_hidden_layers
    last = possible_parts(loaded, layers)[0].mlps[-1]
    if last is None:
        raise ValueError(f"the last layer of {model} has no MLP of its own")
    last.register_forward_hook(lambda _module, _given, output: torch.zeros_like(output))
    return borrowed_backend(loaded, AutoTokenizer.from_pretrained(source), f"{model}, last MLP off")
