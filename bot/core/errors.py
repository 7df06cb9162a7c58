"""The one family of errors; each says what is wrong and how to mend it."""


class ExplainerError(Exception):
    """Something that a person has to mend; its text is one sentence for that person.

    `exit_status` is what a command ends with: 1 content or input, 2 the call, 3 a service out of reach.
    """

    exit_status = 1


class ContentError(ExplainerError):
    """The content folders cannot be served as they are."""


class SettingsError(ExplainerError):
    """The environment, or the call of a command, is at fault."""

    exit_status = 2


class ServiceError(ExplainerError):
    """Something outside the program is out of reach."""

    exit_status = 3
