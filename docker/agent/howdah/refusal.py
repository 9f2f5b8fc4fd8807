"""Why a program does not do what it was asked."""

import signal

KILLED = 128 + signal.SIGKILL


class Refusal(Exception):
    """For people. A program that is refused something prints it, and ends with the exit code."""

    def __init__(self, why: str, exit_code: int = 1) -> None:
        super().__init__(why)
        self.exit_code = exit_code


def exit_code_of(code: int) -> int:
    """Where a program that was run has failed. One that was killed was killed with its container, as a rule.

    Then the one that ran it ends as if it had been killed too: the caller asks again.
    """
    return KILLED if code in (KILLED, -signal.SIGKILL) else 1


def failed(program: str, code: int, words: str) -> Refusal:
    return Refusal(f"{program} failed: {words.strip() or f'exit code {code}'}", exit_code_of(code))
