"""What is seen of the files that libraries open, in a real kernel (docs/lineage.md, "What is seen").

A library that does its reading and writing otherwise in a later version is noticed here. What is not installed is
skipped: the tests need few of these libraries.
"""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from typing import Any

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
    "pandas engines": ("pandas pyarrow", "pd.DataFrame({'x': [1]}).to_csv('e.csv')",
                       "for engine in ('c', 'python', 'pyarrow'): pd.read_csv('e.csv', engine=engine)", ["e.csv"]),
    "pandas pickle": ("pandas", "pd.DataFrame({'x': [1]}).to_pickle('d.pkl')", "pd.read_pickle('d.pkl')", ["d.pkl"]),
    "pandas excel": ("pandas openpyxl", "pd.DataFrame({'x': [1]}).to_excel('d.xlsx')", "pd.read_excel('d.xlsx')",
                     ["d.xlsx"]),
    "pandas feather": ("pandas pyarrow", "pd.DataFrame({'x': [1]}).to_feather('d.feather')",
                       "pd.read_feather('d.feather')", ["d.feather"]),
    "fastparquet": ("pandas fastparquet", "pd.DataFrame({'x': [1]}).to_parquet('v.parquet', engine='fastparquet')",
                    "pd.read_parquet('v.parquet', engine='fastparquet')", ["v.parquet"]),
    "numpy text": ("numpy", "np.savetxt('n.txt', [1.0])", "np.loadtxt('n.txt')", ["n.txt"]),
    "numpy bytes": ("numpy", "np.arange(3).tofile('n.bin')", "np.fromfile('n.bin')", ["n.bin"]),
    "joblib": ("joblib numpy", "import joblib; joblib.dump(np.arange(3), 'j.joblib')", "joblib.load('j.joblib')",
               ["j.joblib"]),
    "imageio": ("imageio numpy", "import imageio.v3 as iio; iio.imwrite('i.png', np.zeros((2, 2), 'u1'))",
                "iio.imread('i.png')", ["i.png"]),
    "tifffile": ("tifffile numpy", "import tifffile; tifffile.imwrite('t.tif', np.zeros((2, 2), 'u1'))",
                 "tifffile.imread('t.tif')", ["t.tif"]),
    "astropy": ("astropy numpy", "from astropy.io import fits; fits.PrimaryHDU(np.zeros((2, 2))).writeto('a.fits')",
                "fits.getdata('a.fits')", ["a.fits"]),
    "nibabel": ("nibabel numpy", "import nibabel as nib\n"
                "nib.Nifti1Image(np.zeros((2, 2, 2)), np.eye(4)).to_filename('b.nii')",
                "nib.load('b.nii').get_fdata()", ["b.nii"]),
    "zarr": ("zarr numpy", "import zarr; zarr.save_array('z.zarr', np.arange(3), zarr_format=2)",
             "zarr.load('z.zarr')", ["z.zarr/.zarray", "z.zarr/.zattrs", "z.zarr/0"]),
    "%run": ("", "open('s.py', 'w').write('of_script = 1')", "%run s.py", ["s.py"]),
    "soundfile": ("soundfile numpy", "import soundfile as sf, numpy as np; sf.write('s.wav', np.zeros(8), 8000)",
                  "sf.read('s.wav')", ["s.wav"]),
    "scipy": ("scipy", "import scipy.io; scipy.io.savemat('m.mat', {'x': 1})", "scipy.io.loadmat('m.mat')",
              ["m.mat"]),
}  # fmt: skip
# name: (modules it needs, a cell that writes a file that nobody sees, the file): docs/lineage.md says so
MISSED: dict[str, tuple[str, str, str]] = {
    "fopen": ("", "import ctypes; libc = ctypes.CDLL(None); libc.fopen.restype = ctypes.c_void_p\n"
              "_ = libc.fclose(ctypes.c_void_p(libc.fopen(b'k.bin', b'w')))", "k.bin"),
    "child": ("", "import subprocess, sys\n"
              "subprocess.run([sys.executable, '-c', \"open('child.txt', 'w').close()\"]).returncode", "child.txt"),
    "!cmd": ("", "!touch shell.txt", "shell.txt"),
    "fork": ("", "import os\nif (pid := os.fork()) == 0:\n    open('fork.txt', 'w').close(); os._exit(0)\n"
             "_ = os.waitpid(pid, 0)", "fork.txt"),
    "loky": ("joblib", "import joblib, os, pathlib\nfiles = [pathlib.Path(f'loky{n}.txt').absolute() for n in (1, 2)]\n"
             "_ = joblib.Parallel(n_jobs=2)(joblib.delayed(pathlib.Path.touch)(file) for file in files)", "loky1.txt"),
}  # fmt: skip
# name: (modules it needs, a cell that fetches ADDRESS, whether the whole address is seen)
FETCHING: dict[str, tuple[str, str, bool]] = {
    "urllib": ("", "from urllib.request import urlopen; _ = urlopen(ADDRESS).read()", True),
    "http.client": ("", "import http.client; c = http.client.HTTPConnection(HOST); c.request('GET', '/x.csv')\n"
                    "_ = c.getresponse().read()", True),
    "pandas": ("pandas", "import pandas as pd; _ = pd.read_csv(ADDRESS)", True),
    "requests": ("requests", "import requests; _ = requests.get(ADDRESS)", True),
    "httpx": ("httpx", "import httpx; _ = httpx.get(ADDRESS)", False),
    "aiohttp": ("aiohttp", "import aiohttp\nasync with aiohttp.ClientSession() as session:\n"
                "    await (await session.get(ADDRESS)).text()", False),
    "fsspec": ("fsspec aiohttp", "import fsspec\nwith fsspec.open(ADDRESS) as f: _ = f.read()", False),
}  # fmt: skip
SERVER = """
import http.server, threading
class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"x,y\\n1,2\\n")
    do_HEAD = do_GET
    def log_message(self, *a): pass
server = http.server.ThreadingHTTPServer(("localhost", 0), Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
HOST = f"localhost:{server.server_port}"
ADDRESS = f"http://{HOST}/x.csv"
"""
INSTALLED = [name for name, (needs, *_) in CASES.items() if all(find_spec(module) for module in needs.split())]
MISSING = [name for name, (needs, *_) in MISSED.items() if all(find_spec(module) for module in needs.split())]
FETCHED = [name for name, (needs, *_) in FETCHING.items() if all(find_spec(module) for module in needs.split())]
Seen = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[GitBox, Seen]:
    """Return the runs of all cells, by name; those of CASES as `name` and `name, read`: one kernel for all of them."""
    box = GitBox(tmp_path_factory.mktemp("libraries"), "all é")
    assert box.nbgit("install").code == 0
    cells = {name: CASES[name][1] for name in INSTALLED} | {f"{name}, read": CASES[name][2] for name in INSTALLED}
    cells = {key: cells[key] for name in INSTALLED for key in (name, f"{name}, read")}
    if os.name == "posix":
        cells |= {name: MISSED[name][1] for name in MISSING}
    cells |= {"server": SERVER} | {name: FETCHING[name][1] for name in FETCHED}
    for cell in run_cells(box, list(cells.values())):
        assert [o["evalue"] for o in cell["outputs"] if o["output_type"] == "error"] == [], cell["source"]
    found = runs(box)
    assert len(found) == len(cells)
    return box, dict(zip(cells, found, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_the_files_of_a_library_are_seen(name: str, told: tuple[GitBox, Seen]) -> None:
    seen = told[1]
    if name not in seen:
        pytest.skip(f"{CASES[name][0]} not installed")
    wrote, read, files = seen[name], seen[f"{name}, read"], CASES[name][3]
    assert (paths(wrote, "writes"), paths(wrote, "reads")) == (files, [])
    assert (paths(read, "writes"), paths(read, "reads")) == ([], files)


@pytest.mark.skipif(os.name != "posix", reason="they are ways of POSIX systems")
@pytest.mark.parametrize("name", MISSED)
def test_what_is_not_seen(name: str, told: tuple[GitBox, Seen]) -> None:
    box, seen = told
    if name not in seen:
        pytest.skip(f"{MISSED[name][0]} not installed")
    assert (box.path / MISSED[name][2]).exists()
    assert (paths(seen[name], "writes"), paths(seen[name], "reads")) == ([], [])


@pytest.mark.parametrize("name", FETCHING)
def test_addresses_are_seen(name: str, told: tuple[GitBox, Seen]) -> None:
    seen = told[1]
    if name not in seen:
        pytest.skip(f"{FETCHING[name][0]} not installed")
    (address,) = (one["url"] for one in seen[name]["urls"])
    assert re.fullmatch(r"http://localhost:\d+/x\.csv" if FETCHING[name][2] else r"localhost:\d+", address), address
