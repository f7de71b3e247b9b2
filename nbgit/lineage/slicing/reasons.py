"""Ring 3: why a run that has used a place is needed, in a few words."""

WHY = {
    "rng:numpy": "sets or draws numpy's random numbers",
    "rng:random": "sets or draws random numbers",
    "rng:torch": "sets or draws torch's random numbers",
    "rng:tensorflow": "sets or draws tensorflow's random numbers",
    "pyplot": "draws in the current figure",
    "figures": "opens or closes figures",
    "backend": "chooses how figures are shown",
    "options": "sets options",
    "warnings": "sets how warnings are treated",
    "logging": "sets up logging",
    "environ": "sets environment variables",
    "cwd": "changes the working directory",
    "imports": "changes where modules are found",
    "packages": "installs packages",
    "code": "changes library code",
    "magics": "defines a magic",
    "store": "stores variables",
    "file:*": "may write any file",
}
