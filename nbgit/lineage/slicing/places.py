"""Ring 3: what library calls touch that no name stands for (docs/slicing.md).

Random numbers, figures, options, the environment, files.
"""

import posixpath

from nbgit.lineage.slicing.memory import FILE
from nbgit.lineage.slicing.pure import words

WORLD = [
    "rng:numpy",
    "rng:random",
    "rng:torch",
    "rng:tensorflow",
    "pyplot",
    "figures",
    "backend",
    "options",
    "warnings",
    "logging",
    "environ",
    "cwd",
    "imports",
    "packages",
    "code",
    "magics",
    "store",
]

# prefix of a dotted name -> (place, how: "set" anew, "use", "get" or "mark" as changed); the longest counts.
_FUNCTIONS: dict[str, tuple[tuple[str, str], ...]] = {
    "numpy.random": (("rng:numpy", "use"),),
    "numpy.random.seed": (("rng:numpy", "set"),),
    "numpy.random.set_state": (("rng:numpy", "set"),),
    "numpy.random.get_state": (("rng:numpy", "get"),),
    "numpy.random.default_rng": (),
    "numpy.random.RandomState": (),
    "numpy.random.Generator": (),
    "numpy.random.SeedSequence": (),
    "numpy.random.PCG64": (),
    "random": (("rng:random", "use"),),
    "random.seed": (("rng:random", "set"),),
    "random.setstate": (("rng:random", "set"),),
    "random.getstate": (("rng:random", "get"),),
    "random.Random": (),
    "random.SystemRandom": (),
    "torch": (("rng:torch", "use"),),
    "torch.manual_seed": (("rng:torch", "set"),),
    "torch.seed": (("rng:torch", "set"),),
    "torch.tensor": (),
    "torch.Generator": (),
    "torch.from_numpy": (),
    "torch.zeros": (),
    "torch.ones": (),
    "torch.arange": (),
    "torch.set_": (("options", "use"),),
    "tensorflow": (("rng:tensorflow", "use"), ("rng:numpy", "use"), ("rng:random", "use")),
    "tensorflow.random.set_seed": (("rng:tensorflow", "use"),),
    "keras": (("rng:tensorflow", "use"), ("rng:numpy", "use"), ("rng:random", "use")),
    "sklearn": (("rng:numpy", "use"),),
    "sklearn.metrics": (),
    "sklearn.set_config": (("options", "use"),),
    "scipy.stats": (("rng:numpy", "use"),),
    "scipy.optimize": (("rng:numpy", "use"),),
    "seaborn": (("rng:numpy", "use"), ("pyplot", "use"), ("figures", "mark"), ("backend", "get")),
    "seaborn.set": (("options", "use"),),
    "seaborn.load_dataset": (),
    "matplotlib.use": (("backend", "use"), ("figures", "use")),
    "matplotlib.rc": (("options", "use"),),
    "matplotlib.style": (("options", "use"),),
    "matplotlib.pyplot": (("pyplot", "use"), ("figures", "mark"), ("backend", "get")),
    "matplotlib.pyplot.close": (("pyplot", "use"), ("figures", "use"), ("backend", "get")),
    "matplotlib.pyplot.get_fignums": (("figures", "get"),),
    "matplotlib.pyplot.get_figlabels": (("figures", "get"),),
    "matplotlib.pyplot.fignum_exists": (("figures", "get"),),
    "matplotlib.pyplot.rc": (("options", "use"),),
    "matplotlib.pyplot.style": (("options", "use"),),
    "matplotlib.pyplot.xkcd": (("options", "use"),),
    "matplotlib.pyplot.switch_backend": (("backend", "use"), ("figures", "use"), ("pyplot", "use")),
    "matplotlib.pyplot.ion": (("backend", "use"),),
    "matplotlib.pyplot.ioff": (("backend", "use"),),
    "pandas.set_option": (("options", "use"),),
    "pandas.reset_option": (("options", "use"),),
    "pandas.option_context": (("options", "get"),),
    "pandas.get_option": (("options", "get"),),
    "pandas.options": (("options", "use"),),
    "pandas.plotting": (("pyplot", "use"), ("figures", "mark"), ("backend", "get")),
    "pandas.api.extensions": (("code", "use"),),
    "numpy.set_printoptions": (("options", "use"),),
    "numpy.set_string_function": (("options", "use"),),
    "numpy.seterr": (("options", "use"),),
    "numpy.seterrcall": (("options", "use"),),
    "numpy.setbufsize": (("options", "use"),),
    "warnings": (("warnings", "use"),),
    "warnings.warn": (("warnings", "get"),),
    "warnings.catch_warnings": (("warnings", "get"),),
    "logging": (("logging", "use"),),
    "os.environ": (("environ", "use"),),
    "os.putenv": (("environ", "use"),),
    "os.unsetenv": (("environ", "use"),),
    "os.getenv": (("environ", "get"),),
    "os.environ.get": (("environ", "get"),),
    "os.path.expandvars": (("environ", "get"),),
    "os.path.expanduser": (("environ", "get"),),
    "os.chdir": (("cwd", "use"),),
    "os.getcwd": (("cwd", "get"),),
    "os.umask": (("options", "use"),),
    "pathlib.Path.cwd": (("cwd", "get"),),
    "os.path.abspath": (("cwd", "get"),),
    "tempfile": (("environ", "get"),),
    "time.tzset": (("options", "use"), ("environ", "get")),
    "sys.path": (("imports", "use"),),
    "sys.meta_path": (("imports", "use"),),
    "sys.modules": (("code", "use"),),
    "sys.set": (("options", "use"),),
    "site": (("imports", "use"),),
    "locale.setlocale": (("options", "use"),),
    "IPython.core.interactiveshell": (("options", "use"),),
    "IPython.core.magic.register": (("magics", "use"),),
    "importlib.reload": (("code", "use"),),
    "atexit": (("code", "use"),),
    "codecs.register": (("code", "use"),),
    "copyreg": (("code", "use"),),
    "joblib": (("environ", "get"),),
    "tqdm.pandas": (("code", "use"),),
    "os.system": (),
}
_OTHERS: dict[str, tuple[tuple[str, str], ...]] = {  # methods of objects of any kind
    **dict.fromkeys(
        words("plot hist boxplot imshow scatter bar barh pie area line kde density hexbin box savefig"),
        (("pyplot", "use"), ("backend", "get")),
    ),
    **dict.fromkeys(words("rvs resample sample fit fit_transform fit_predict split"), (("rng:numpy", "use"),)),
    **dict.fromkeys(words("debug info warning error critical exception log"), (("logging", "get"),)),
}
_STARTS = (
    "seaborn.set",
    "sys.set",
    "torch.set_",
    "matplotlib.rc",
    "matplotlib.pyplot.rc",
    "IPython.core.magic.register",
)
READ_ATTRIBUTES = {
    "os.environ": "environ",
    "sys.path": "imports",
    "matplotlib.rcParams": "options",
    "matplotlib.pyplot.rcParams": "options",
    "pandas.options": "options",
}

READERS = words(
    "read_csv read_table read_excel read_json read_parquet read_pickle read_feather read_hdf read_sql read_fwf "
    "read_orc read_html read_xml read_stata read_spss read_text read_bytes load loadtxt genfromtxt fromfile "
    "loadmat imread stat exists isfile isdir listdir glob iglob iterdir rglob walk scandir getsize getmtime "
    "is_file is_dir load_workbook chdir"
)
SETTERS = words(
    "to_json to_parquet to_pickle to_feather to_excel save savez savez_compressed savetxt tofile savefig imsave "
    "imwrite savemat write_text write_bytes write_image write_html"
)
CHANGERS = words(
    "to_csv to_hdf to_sql to_stata to_xml to_netcdf to_zarr write_parquet write_csv dump touch mkdir makedirs "
    "remove unlink rename renames rmdir rmtree copy copy2 copyfile copytree move replace symlink symlink_to "
    "link extractall urlretrieve chmod connect File HDFStore ExcelWriter memmap ZipFile make_archive "
    "unpack_archive open_memmap write_table removedirs truncate utime to_clipboard unpack TemporaryDirectory "
    "NamedTemporaryFile mkstemp mkdtemp ParquetWriter Dataset"
)
AMBIGUOUS = words(
    "copy replace rename remove save load touch move link stat dump unpack File connect truncate glob walk open"
)
FILE_ROOTS = words(
    "os shutil pathlib glob io gzip bz2 lzma zipfile tarfile sqlite3 tempfile h5py joblib pickle numpy torch "
    "codecs fileinput duckdb"
)
LISTERS = words("listdir glob iglob iterdir rglob walk scandir rmtree copytree make_archive extractall")
ENDINGS = {"save": ".npy", "savez": ".npz", "savez_compressed": ".npz", "savefig": ".png"}


def touches(path: str) -> tuple[tuple[str, str], ...]:
    """Return the places that the function of that dotted name touches, and how; the longest listed prefix counts."""
    for start in _STARTS:
        if path.startswith(start):
            return _FUNCTIONS[start]
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        found = _FUNCTIONS.get(".".join(parts[:length]))
        if found is not None:
            return found
    return ()


def method_touches(name: str) -> tuple[tuple[str, str], ...]:
    """Return the places that a method of that name of an unknown object may touch."""
    return _OTHERS.get(name, ())


def file_mode(path: str, name: str, kind: str) -> str:
    """Return "get", "set" or "use" for a function or method that works on files, "" for any other.

    `path` is the dotted name of the function, "" for a method of an object of that kind.
    """
    top = path.partition(".")[0]
    if name in AMBIGUOUS and top not in FILE_ROOTS and kind != "pathlib":
        return ""
    if name == "open":
        return "use"
    return "get" if name in READERS else "set" if name in SETTERS else "use" if name in CHANGERS else ""


def place_of(path: str) -> str:
    """Return the name of a file's place."""
    return FILE + posixpath.normpath(path.replace("\\", "/"))


def parents_of(path: str) -> list[str]:
    """Return the places of the folders that a path names."""
    parts = posixpath.normpath(path.replace("\\", "/")).split("/")
    return [place_of("/".join(parts[:length])) for length in range(1, len(parts)) if parts[:length] != [""]]
