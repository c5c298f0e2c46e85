"""Every error that the engine raises on purpose.

    MavError
    ├── InvalidSettings      invalid_settings    a setting is unknown, mistyped or out of range
    │   ├── PromptTooLong    prompt_too_long     the prompt leaves no room in the context
    │   └── ResumeRefused    resume_refused      a run cannot be continued with this token
    ├── UnknownModel         unknown_model       nobody here knows a model of that name
    ├── ModelLoadFailed      model_load_failed   the model is known but cannot be loaded
    │   ├── UnusableModel    model_load_failed   because of what it is: its files, its kind
    │   └── ModelNotFound    unknown_model       because nothing is there (an UnknownModel too)
    ├── RunFailed            run_failed          a run broke while it was going on
    │   ├── NotFinite        not_finite          the model's logits hold NaN or +Infinity
    │   ├── PatternTooSlow   pattern_too_slow    a breakpoint's pattern cannot be searched in time
    │   ├── NoCandidates     no_candidates       the sampling controls removed every token
    │   └── OutOfMemory      out_of_memory       the device ran out of memory
    ├── Busy                 busy                all places are taken; waiting helps
    ├── MissingExtra         missing_extra       an optional package is not installed
    └── RecordingProblem     recording_problem   a recording cannot be read, or not to its end
        ├── NotARecording    not_a_recording     the file is something else, or empty
        ├── OtherVersion     recording_version   it was made by another version of MAV
        ├── BrokenRecording  recording_broken    a line is no event that belongs there
        └── TornRecording    recording_torn      it stops before the run ended

`code` is stable: clients may branch on it. `field` names the setting to blame, where there
is one. `detail` says what was given, what is allowed and what to do.
"""

from __future__ import annotations

from typing import ClassVar

from mav_engine.wording import shortened

MAX_DETAIL = 2000
"""Characters of an error's detail. Text of a client that is repeated in it cannot exceed this."""
MAX_FIELD = 100
"""Characters of an error's field, which may be a name that a client made up."""


class MavError(Exception):
    """Base of all errors of MAV; carries what a client needs to act on it."""

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"

    def __init__(
        self, detail: str, *, field: str | None = None, retry_after_s: float | None = None
    ) -> None:
        detail = shortened(detail, MAX_DETAIL)
        super().__init__(detail)
        self.detail = detail
        self.field = None if field is None else shortened(field, MAX_FIELD)
        self.retry_after_s = retry_after_s


class InvalidSettings(MavError):
    code = "invalid_settings"
    title = "A setting is not valid"


class PromptTooLong(InvalidSettings):
    code = "prompt_too_long"
    title = "The prompt does not fit"


class ResumeRefused(InvalidSettings):
    code = "resume_refused"
    title = "The run cannot be continued"


class UnknownModel(MavError):
    code = "unknown_model"
    title = "No such model here"


class ModelLoadFailed(MavError):
    code = "model_load_failed"
    title = "The model could not be loaded"


class UnusableModel(ModelLoadFailed):
    """The model's files are missing, broken, or not those of a causal language model.

    Loading it again, or elsewhere, gives the same: whoever named it has to name another or mend it.
    """

    def __init__(self, detail: str, *, field: str | None = "model") -> None:
        super().__init__(detail, field=field)


class ModelNotFound(UnknownModel, ModelLoadFailed):
    """The name leads to nothing: there is no such folder, and no such model on the hub."""

    def __init__(self, detail: str, *, field: str | None = "model") -> None:
        super().__init__(detail, field=field)


class RunFailed(MavError):
    code = "run_failed"
    title = "The run broke off"


class NotFinite(RunFailed):
    code = "not_finite"
    title = "The model computed numbers that are not finite"


class PatternTooSlow(RunFailed):
    code = "pattern_too_slow"
    title = "A breakpoint's pattern takes too long"


class NoCandidates(RunFailed):
    code = "no_candidates"
    title = "No token is left to choose from"


class OutOfMemory(RunFailed):
    code = "out_of_memory"
    title = "The device ran out of memory"


class Busy(MavError):
    code = "busy"
    title = "All places are taken"


class MissingExtra(MavError):
    code = "missing_extra"
    title = "An optional package is missing"


class RecordingProblem(MavError):
    """Carries the line to blame, counted from 1; None where it is the whole file."""

    code = "recording_problem"
    title = "The recording cannot be read"

    def __init__(self, detail: str, *, line: int | None = None, field: str | None = None) -> None:
        super().__init__(detail, field=field)
        self.line = line


class NotARecording(RecordingProblem):
    code = "not_a_recording"
    title = "This is no recording"


class OtherVersion(RecordingProblem):
    code = "recording_version"
    title = "The recording is of another version"


class BrokenRecording(RecordingProblem):
    code = "recording_broken"
    title = "The recording is damaged"


class TornRecording(RecordingProblem):
    code = "recording_torn"
    title = "The recording is not whole"
