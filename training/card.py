"""The model card (README.md of the model folder), rendered from the facts of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from training.evaluate import Score
from training.samples import NEW_TOKENS, TEMPERATURE, TOP_P, Sample
from training.settings import ModelShape, Recipe

DATA = """\
| data set | used for | licence |
|---|---|---|
| [TinyStories](https://huggingface.co/datasets/roneneldan/TinyStories) (Ronen Eldan and Yuanzhi \
Li, "TinyStories: How Small Can Language Models Be and Still Speak Coherent English?", 2023), \
22,659 stories that GPT-3.5 and GPT-4 wrote, part of them with letter case restored by rules | \
training | CDLA-Sharing-1.0 |
| the head of the TinyStories validation split, 784 texts; training stories that hold a passage \
of it were removed | held out: measuring only | CDLA-Sharing-1.0 |
| African Storybook, Pratham Books StoryWeaver and other picture books, from the Global African \
Storybook projects ([asp-source](https://github.com/global-asp/asp-source), \
[pb-source](https://github.com/global-asp/pb-source), \
[lida-source](https://github.com/global-asp/lida-source)): 711 stories, only those marked CC BY \
or public domain | training | CC BY, public domain |
| [FairytaleQA](https://github.com/uci-soe/FairytaleQAData): 278 fairy tales of Project \
Gutenberg, of which a random part is read in every pass | training | Apache-2.0; the texts are in \
the public domain in the US |

Attribution: the picture books are © their authors and used under the Creative Commons \
Attribution licence (current text: https://creativecommons.org/licenses/by/4.0/; the collections \
name no version); `picture_books_ccby_ATTRIBUTION.tsv` in this folder names title, author and \
licence of every one. \
Their text was changed only in form (plain ASCII, curly quotes made straight, pictures left out). \
None of the data is in this folder: it holds weights, which CDLA-Sharing-1.0 calls "Results" and \
puts under no obligation. The weights and the tokenizer are under the project's licence (MIT).\
"""

LIMITS = """\
- It writes English children's stories in simple words and nothing else. It knows no facts, \
follows no instructions and cannot answer questions or calculate.
- Stories are mostly grammatical but drift: names, objects and pronouns get mixed up, and the \
end may not follow from the beginning.
- It repeats what its data repeats: the same few names, parks, toys and morals, and the picture \
of families and of girls and boys that two large language models had in 2023.
- Other languages, code and rare words are spelled from bytes and come out as nonsense.
- It was not checked for text that is unfit for children. Do not show its output to children \
without reading it first.\
"""


@dataclass(frozen=True)
class CardFacts:
    """The text of a card; ``scores`` maps a window length in tokens to its score."""

    shape: ModelShape
    parameters: int
    recipe: Recipe
    tokens_seen: int
    passes: float
    scores: Mapping[int, Score]
    samples: Sequence[Sample]


def render_card(facts: CardFacts) -> str:
    """The whole card as Markdown."""
    sections = (
        ("mav-tiny", _introduction(facts)),
        ("Data", DATA),
        ("Training", _training(facts)),
        ("Measured", _measured(facts)),
        ("Limits", LIMITS),
        ("Samples", _samples(facts.samples)),
    )
    body = "\n\n".join(
        f"{'#' if index == 0 else '##'} {title}\n\n{text}"
        for index, (title, text) in enumerate(sections)
    )
    return f"{_front_matter()}\n{body}\n"


def _front_matter() -> str:
    return (
        "---\nlicense: mit\nlanguage: en\nlibrary_name: transformers\n"
        "pipeline_tag: text-generation\ndatasets:\n- roneneldan/TinyStories\n---\n"
    )


def _introduction(facts: CardFacts) -> str:
    shape = facts.shape
    return (
        f"A very small language model that writes children's stories in English, made so that "
        f"one can look inside it while it writes. Llama architecture, "
        f"{facts.parameters / 1e6:.2f} million parameters: {shape.layers} layers, residual width "
        f"{shape.width}, {shape.heads} attention heads, gated MLP of {shape.mlp}, rotary "
        f"positions, RMS norm, tied embeddings, byte-level BPE of {shape.vocabulary} tokens, "
        f"context of {shape.context} tokens, float16. The one special token `<|endoftext|>` "
        f"(number 0) begins and ends a text.\n\n"
        f"```python\nfrom transformers import AutoModelForCausalLM, AutoTokenizer\n\n"
        f'tokenizer = AutoTokenizer.from_pretrained("mav_engine/models/mav-tiny")\n'
        f'model = AutoModelForCausalLM.from_pretrained("mav_engine/models/mav-tiny")\n'
        f'prompt = tokenizer("Once upon a time", return_tensors="pt")\n'
        f"print(tokenizer.decode(model.generate(**prompt, max_new_tokens=200)[0]))\n```"
    )


def _training(facts: CardFacts) -> str:
    recipe = facts.recipe
    earlier = (
        f"The run continued from weights of the same shape and tokenizer that had seen "
        f"{recipe.earlier_tokens / 1e6:.1f} million tokens; with them the model has seen "
        f"{(recipe.earlier_tokens + facts.tokens_seen) / 1e6:.1f} million. "
        if recipe.earlier_tokens
        else ""
    )
    return (
        f"With the program in `training/` (see its README), on {facts.tokens_seen / 1e6:.2f} "
        f"million tokens = {facts.passes:.2f} passes over the corpus. {earlier}"
        f"Every pass shuffles the documents and reads {recipe.fairy_tale_share:.0%} of the fairy "
        f"tales. Windows of {recipe.window} tokens, of {recipe.long_window} for the last "
        f"{recipe.long_share:.0%}; {recipe.tokens_per_step} tokens a step. Muon (peak learning "
        f"rate {recipe.muon_lr:g}, momentum 0.95, weight decay {recipe.weight_decay:g}) for the "
        f"matrices, AdamW (peak {recipe.adamw_lr:g}, betas 0.9 and 0.98) for embeddings and "
        f"norms; warm-up over {recipe.warmup_share:.0%} of the tokens, then constant, then "
        f"linear to zero over the last {recipe.decay_share:.0%}; gradient norm clipped to "
        f"{recipe.gradient_norm:g}; no dropout; seed {recipe.seed}."
        + (f"\n\nThe runs before it: {recipe.earlier_runs}" if recipe.earlier_runs else "")
    )


def _measured(facts: CardFacts) -> str:
    rows = "\n".join(
        f"| {window} | {score.nats_per_token:.4f} | {score.bits_per_character:.4f} |"
        for window, score in facts.scores.items()
    )
    score = next(iter(facts.scores.values()))
    return (
        f"Loss of these float16 weights (computed in float32) on all of the held-out text, "
        f"{score.tokens:,} tokens that spell {score.characters:,} characters, cut into windows "
        f"that do not overlap and see nothing of each other:\n\n"
        f"| window (tokens) | nats a token | bits a character |\n|---|---|---|\n{rows}\n\n"
        f"Repeat it with `python -m training.evaluate --model mav_engine/models/mav-tiny "
        f"--corpus DIR --window 256`."
    )


def _samples(samples: Sequence[Sample]) -> str:
    parts = [
        f"Unedited, and the first ones drawn. At most {NEW_TOKENS} new tokens; sampled ones at "
        f"temperature {TEMPERATURE}, top-p {TOP_P}, after `torch.manual_seed(seed)`. The prompt "
        f"is in bold. `training/samples.py` has the code and the prompts."
    ]
    for sample in samples:
        kind = "Greedy" if sample.seed is None else f"Sampled, seed {sample.seed}"
        text = sample.continuation.strip("\n").replace("\n", "\n>\n> ")
        parts.append(f"{kind}:\n\n> **{sample.prompt}**{text}")
    return "\n\n".join(parts)
