"""The errors of the engine.

    MavError
    ├── InvalidSettings      invalid_settings    a setting is unknown, mistyped or out of range
    │   ├── PromptTooLong    prompt_too_long     the prompt leaves no room in the context
    │   └── ResumeRefused    resume_refused      a run cannot be continued with this token
    ├── UnknownModel         unknown_model       there is no model of that name
    ├── ModelLoadFailed      model_load_failed   the model is known but cannot be loaded
    │   ├── UnusableModel    model_load_failed   because of its files or its kind
    │   └── ModelNotFound    unknown_model       because it does not exist (also an UnknownModel)
    ├── RunFailed            run_failed          a run failed after it had started
    │   ├── NotFinite        not_finite          the model's logits hold NaN or +Infinity
    │   ├── PatternTooSlow   pattern_too_slow    a breakpoint's pattern takes too long to search
    │   ├── NoCandidates     no_candidates       the sampling controls removed every token
    │   └── OutOfMemory      out_of_memory       the device ran out of memory
    ├── Busy                 busy                the server is busy; retrying helps
    ├── UnknownKey           unknown_key         there is no API key of that name
    ├── MissingExtra         missing_extra       an optional package is not installed
    └── RecordingProblem     recording_problem   a recording cannot be read completely
        ├── NotARecording    not_a_recording     the file is empty or not a recording
        ├── OtherVersion     recording_version   it was made by another version of MAV
        ├── BrokenRecording  recording_broken    a line is not a valid event, or out of order
        └── TornRecording    recording_torn      it ends before the run did

`code` is stable: clients may branch on it. `field` names the invalid setting, if there is one.
`detail` says what was given, what is allowed and what to do.
"""

from __future__ import annotations

from typing import ClassVar

from mav_engine.wording import shortened

MAX_DETAIL = 2000
"""Most characters of an error's detail, which may quote a client's text."""
MAX_FIELD = 100
"""Most characters of an error's field, which may be any name that a client sent."""


class MavError(Exception):
    """Base class of all errors of MAV."""

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
    title = "A setting is invalid"


class PromptTooLong(InvalidSettings):
    code = "prompt_too_long"
    title = "The prompt does not fit"


class ResumeRefused(InvalidSettings):
    code = "resume_refused"
    title = "The run cannot be resumed"


class UnknownModel(MavError):
    code = "unknown_model"
    title = "There is no such model"


class ModelLoadFailed(MavError):
    code = "model_load_failed"
    title = "The model could not be loaded"


class UnusableModel(ModelLoadFailed):
    """The model's files are missing, broken, or not those of a causal language model.

    Retrying does not help: another model must be named, or its files repaired.
    """

    def __init__(self, detail: str, *, field: str | None = "model") -> None:
        super().__init__(detail, field=field)


class ModelNotFound(UnknownModel, ModelLoadFailed):
    """There is no such folder, and no such model on the hub."""

    def __init__(self, detail: str, *, field: str | None = "model") -> None:
        super().__init__(detail, field=field)


class RunFailed(MavError):
    code = "run_failed"
    title = "The run failed"


class NotFinite(RunFailed):
    code = "not_finite"
    title = "The model computed NaN or infinite numbers"


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
    title = "The server is busy"


class UnknownKey(MavError):
    code = "unknown_key"
    title = "There is no such key"


class MissingExtra(MavError):
    code = "missing_extra"
    title = "An optional package is missing"


class RecordingProblem(MavError):
    """`line` is the invalid line, from 1; None if it is the whole file."""

    code = "recording_problem"
    title = "The recording cannot be read"

    def __init__(self, detail: str, *, line: int | None = None, field: str | None = None) -> None:
        super().__init__(detail, field=field)
        self.line = line


class NotARecording(RecordingProblem):
    code = "not_a_recording"
    title = "This is not a recording"


class OtherVersion(RecordingProblem):
    code = "recording_version"
    title = "The recording has another version"


class BrokenRecording(RecordingProblem):
    code = "recording_broken"
    title = "The recording is damaged"


class TornRecording(RecordingProblem):
    code = "recording_torn"
    title = "The recording is incomplete"
