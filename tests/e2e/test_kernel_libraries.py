"""What is seen of the files that libraries open, in a real kernel (docs/lineage.md, "What is seen").

A library that does its reading and writing otherwise in a later version is noticed here. What is not installed is
skipped: the tests need none of these libraries but numpy and matplotlib.
"""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.gitbox import GitBox
from tests.kernels import paths, run_cells, runs

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

# name: (modules it needs, a cell that writes, a cell that reads, the files)
CASES: dict[str, tuple[str, str, str, list[str]]] = {
    "open": ("", "open('a.txt', 'w').write('x')", "open('a.txt').read()", ["a.txt"]),
    "pathlib": ("", "import pathlib; pathlib.Path('b é.txt').write_text('x')",
                "pathlib.Path('b é.txt').read_text()", ["b é.txt"]),
    "os.open": ("", "import os; d = os.open('c.bin', os.O_CREAT | os.O_WRONLY); os.write(d, b'x'); os.close(d)",
                "os.close(os.open('c.bin', os.O_RDONLY))", ["c.bin"]),
    "rename": ("", "import os; open('half', 'w').write('x'); os.replace('half', 'whole')", "open('whole').read()",
               ["whole"]),
    "sqlite3": ("", "import sqlite3\nwith sqlite3.connect('s.db') as db: db.execute('create table t (x)')",
                "sqlite3.connect('s.db').execute('select * from t').fetchall()", ["s.db"]),
    "thread": ("", "import threading\nt = threading.Thread(target=lambda: open('t.txt', 'w').write('x'))\n"
               "t.start(); t.join()", "open('t.txt').read()", ["t.txt"]),
    "%%writefile": ("", "%%writefile w.txt\nx", "open('w.txt').read()", ["w.txt"]),
    "numpy": ("numpy", "import numpy as np; np.save('n.npy', np.arange(3))", "np.load('n.npy')", ["n.npy"]),
    "memmap": ("numpy", "np.memmap('m.dat', dtype='u1', mode='w+', shape=4)[:] = 7", "np.memmap('m.dat')[0]",
               ["m.dat"]),
    "pillow": ("PIL", "from PIL import Image; Image.new('L', (2, 2)).save('p.png')", "Image.open('p.png').load()",
               ["p.png"]),
    "matplotlib": ("matplotlib", "import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.savefig('f.png')",
                   "plt.imread('f.png')[0, 0]", ["f.png"]),
    "pandas csv": ("pandas", "import pandas as pd; pd.DataFrame({'x': [1]}).to_csv('d.csv.gz')",
                   "pd.read_csv('d.csv.gz')", ["d.csv.gz"]),
    "pandas parquet": ("pandas pyarrow", "pd.DataFrame({'x': [1]}).to_parquet('d.parquet')",
                       "pd.read_parquet('d.parquet')", ["d.parquet"]),
    "pandas hdf": ("pandas tables", "pd.DataFrame({'x': [1]}).to_hdf('d.h5', key='a')", "pd.read_hdf('d.h5')",
                   ["d.h5"]),
    "pyarrow parquet": ("pyarrow", "import pyarrow as pa, pyarrow.parquet as pq\n"
                        "pq.write_table(pa.table({'x': [1]}), 'q.parquet')", "pq.read_table('q.parquet')",
                        ["q.parquet"]),
    "pyarrow dataset": ("pyarrow", "import pyarrow.dataset as ds\n"
                        "ds.write_dataset(pa.table({'x': [1]}), 'set', format='parquet')",
                        "ds.dataset('set').to_table()", ["set/part-0.parquet"]),
    "pyarrow csv": ("pyarrow", "from pyarrow import csv as pc; pc.write_csv(pa.table({'x': [1]}), 'q.csv')",
                    "pc.read_csv('q.csv')", ["q.csv"]),
    "pyarrow feather": ("pyarrow", "from pyarrow.feather import read_table, write_feather\n"
                        "write_feather(pa.table({'x': [1]}), 'q.feather')", "read_table('q.feather')", ["q.feather"]),
    "h5py": ("h5py", "import h5py\nwith h5py.File('h.h5', 'w') as h: h['x'] = [1]",
             "with h5py.File('h.h5') as h: h['x'][:]", ["h.h5"]),
    "h5py a": ("h5py", "from h5py import File\nwith File('i.h5', 'a') as h: h['x'] = [1]",
               "with File('i.h5', mode='r+') as h: h['x'][:]", ["i.h5"]),
    "pyarrow file": ("pyarrow", "with pa.OSFile('o.bin', 'wb') as o: o.write(b'x')\n"
                     "assert isinstance(o, pa.NativeFile) and type(o).__name__ == 'OSFile'",
                     "with pa.OSFile('o.bin') as o: o.read()", ["o.bin"]),
    "pytables": ("tables", "import tables\nwith tables.open_file('t.h5', 'w') as t: t.create_array('/', 'x', [1])",
                 "with tables.open_file('t.h5') as t: t.root.x[:]", ["t.h5"]),
    "netCDF4": ("netCDF4", "import netCDF4\nwith netCDF4.Dataset('c.nc', 'w') as c: c.createDimension('x', 2)",
                "with netCDF4.Dataset('c.nc') as c: assert type(c) is netCDF4.Dataset", ["c.nc"]),
    "polars": ("polars", "import polars as pl; pl.DataFrame({'x': [1]}).write_parquet('l.parquet')",
               "pl.read_parquet('l.parquet')", ["l.parquet"]),
    "polars lazy": ("polars", "pl.LazyFrame({'x': [1]}).sink_csv('l.csv')", "pl.scan_csv('l*.csv').collect()",
                    ["l.csv"]),
    "duckdb": ("duckdb", "import duckdb; duckdb.sql('select 1 as x').write_parquet('u.parquet')",
               "duckdb.sql(\"select * from 'u.parquet'\").fetchall()", ["u.parquet"]),
    "duckdb copy": ("duckdb", "duckdb.connect().execute(\"copy (select 1 as x) to 'u.csv'\")",
                    "duckdb.read_csv('u.csv').fetchall()", ["u.csv"]),
    "duckdb file": ("duckdb", "with duckdb.connect('u.db') as u: u.execute('create table t as select 1')",
                    "with duckdb.connect('u.db', read_only=True) as u: u.execute('from t').fetchall()", ["u.db"]),
    "soundfile": ("soundfile numpy", "import soundfile as sf, numpy as np; sf.write('s.wav', np.zeros(8), 8000)",
                  "sf.read('s.wav')", ["s.wav"]),
    "scipy": ("scipy", "import scipy.io; scipy.io.savemat('m.mat', {'x': 1})", "scipy.io.loadmat('m.mat')",
              ["m.mat"]),
}  # fmt: skip
INSTALLED = [name for name, (needs, *_) in CASES.items() if all(find_spec(module) for module in needs.split())]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[list[str], list[str], list[str], list[str]]]:
    """Return what was seen of each library: written and read by the first cell, written and read by the second."""
    box = GitBox(tmp_path_factory.mktemp("libraries"), "all é")
    assert box.nbgit("install").code == 0
    cells = run_cells(box, [cell for name in INSTALLED for cell in CASES[name][1:3]])
    for cell in cells:
        assert [o["evalue"] for o in cell["outputs"] if o["output_type"] == "error"] == [], cell["source"]
    told = [(paths(run, "writes"), paths(run, "reads")) for run in runs(box)]
    assert len(told) == 2 * len(INSTALLED)
    pairs = zip(INSTALLED, told[0::2], told[1::2], strict=True)
    return {name: first + second for name, first, second in pairs}


@pytest.mark.parametrize("name", CASES)
def test_the_files_of_a_library_are_seen(name: str, seen: dict[str, tuple[list[str], ...]]) -> None:
    if name not in seen:
        pytest.skip(f"{CASES[name][0]} not installed")
    files = CASES[name][3]
    assert seen[name] == (files, [], [], files)
