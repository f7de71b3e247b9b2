"""What code says of files: Python followed, R and Julia read, command lines taken apart."""

from __future__ import annotations

import pytest

from nbgit.kernel.scripts import started_by
from nbgit.lineage.by_code.foreign import named_in
from nbgit.lineage.slicing.named_files import name_files

PYTHON = {
    "pd.read_csv(f'{ROOT}/x.csv')": {("read", "data/x.csv")},
    "pd.read_csv(Path(ROOT) / 'y.csv')": {("read", "data/y.csv")},
    "df.to_csv('z.csv'); open(os.path.join(ROOT, 'w.txt'), 'w')": {("written", "z.csv"), ("written", "data/w.txt")},
    "np.save('a', df); plt.savefig('f.png')": {("written", "a.npy"), ("written", "f.png")},
    "with open('k.json', 'w') as file:\n    json.dump({}, file)": {("written", "k.json")},
    "json.load(open('m.json')); open('log', 'a')": {("read", "m.json"), ("read", "log"), ("written", "log")},
    "shutil.copy('a.txt', 'b.txt')": {("read", "a.txt"), ("written", "b.txt")},
    "pd.read_csv('https://host/a.csv')": {("fetched", "https://host/a.csv")},
    "def load(name):\n    return pd.read_csv(name)\nload('c.csv')": {("read", "c.csv")},
    "def never():\n    pd.read_csv('c.csv')": set(),
    "pd.read_csv(input()); 'a,b'.replace('a', 'b'); {}.copy(); os.path.exists('q.csv')": set(),
    "!python train.py --data x.csv\n%run -i other": {("started", "train.py"), ("started", "other.py")},
    "%%bash\ncd sub && Rscript fit.R": {("started", "sub/fit.R")},
    "Path('n.txt').write_text('x'); Path('m.txt').read_text()": {("written", "n.txt"), ("read", "m.txt")},
}


@pytest.mark.parametrize("code", PYTHON)
def test_python_is_followed(code: str) -> None:
    before = "import json, os, shutil\nimport numpy as np\nimport pandas as pd\nimport matplotlib.pyplot as plt\n"
    before += "from pathlib import Path\nROOT = 'data'\ndf = pd.DataFrame()"
    named, needed = name_files([before, code])
    assert {(one.how, one.name) for one in named if one.unit == 1} == PYTHON[code]
    assert len(needed) == 2


FOREIGN = {
    ("r", 'd <- readr::read_csv(file = "a.csv") # read.csv("no.csv")'): [("read", "a.csv")],
    ("r", 'd |> write_csv("p.csv"); write.csv(d, "o.csv")'): [("written", "p.csv"), ("written", "o.csv")],
    ("r", "x <- 'read.csv(\"no.csv\")'; saveRDS(m, file = 'm.rds')"): [("written", "m.rds")],
    ("r", 'ggsave(p, filename = "f.pdf"); source("h.R")'): [("written", "f.pdf"), ("started", "h.R")],
    ("r", 'read.csv(paste0("a", i)); read_csv("https://host/x.csv")'): [("fetched", "https://host/x.csv")],
    ("r", 'con <- file("log.txt", "w"); read.csv(r"(raw.csv)")'): [("written", "log.txt"), ("read", "raw.csv")],
    ("julia", 'CSV.read("x.csv", DataFrame); include("h.jl")'): [("read", "x.csv"), ("started", "h.jl")],
    ("julia", 'CSV.write("o.csv", df); savefig(p, "a.png")'): [("written", "o.csv"), ("written", "a.png")],
    ("julia", 'open("w.txt", "w") do io\nend; CSV.read("$dir/no.csv")'): [("written", "w.txt")],
    ("scala", 'read.csv("x.csv")'): [],
    ("r", '")(' * 500): [],
}


@pytest.mark.parametrize(("language", "code"), FOREIGN)
def test_r_and_julia_are_read(language: str, code: str) -> None:
    assert list(named_in(code, language)) == FOREIGN[language, code]


COMMANDS: list[tuple[object, list[tuple[str, str]]]] = [
    ("python train.py --data x.py", [("", "train.py")]),
    ("cd sub && ./go.sh; Rscript --vanilla fit.R | tee log", [("sub", "./go.sh"), ("sub", "fit.R")]),
    (["/usr/bin/python3.11", "-u", "a b.py"], [("", "a b.py")]),
    (["sh", "-c", "nice python x.py"], [("", "x.py")]),
    ("X=1 env python -m tools.make", [("", "tools/make.py"), ("", "tools/make/__main__.py")]),
    ("python -c 'import x.py'", []),
    ("ls -la *.py", []),
    ("python $SCRIPT", []),
    ("python 'unclosed", []),
    (b"julia --project=. -t 4 run.jl", [("", "run.jl")]),
    (7, []),
]


@pytest.mark.parametrize(("command", "found"), COMMANDS)
def test_scripts_that_commands_start(command: object, found: list[tuple[str, str]]) -> None:
    assert started_by(command) == found
