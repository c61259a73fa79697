"""Developers' sessions: ``nox`` runs the tests on every Python there is, and the linters."""

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False

# One virtual environment a Python: the classifiers are the only list of supported ones.
PYTHONS = nox.project.python_versions(nox.project.load_toml("pyproject.toml"))
EVERYTHING = ("tests", "examples")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The whole suite."""
    session.install("-e", ".[test]")
    session.run("pytest", "-n", "auto", *(session.posargs or EVERYTHING))


@nox.session
def lint(session: nox.Session) -> None:
    """Style, types and workflows."""
    session.install("-e", ".[lint,test]")
    session.run(".ci/lint", external=True)


@nox.session
def coverage(session: nox.Session) -> None:
    """The whole suite, which fails below the coverage that pyproject.toml asks for."""
    session.install("-e", ".[test]")
    arguments = session.posargs or EVERYTHING
    session.run("pytest", "-n", "auto", "--cov", "--cov-report=term", *arguments)


@nox.session
def docs(session: nox.Session) -> None:
    """The pages as a site, in ``docs/_build``."""
    session.install("-e", ".[docs]")
    session.run("python", "-m", "sphinx", "-W", "--keep-going", "docs", "docs/_build")
