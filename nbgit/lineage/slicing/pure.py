"""Ring 3: which calls of known libraries change nothing, and which share nothing (docs/slicing.md).

Three answers: "fresh" (changes nothing, shares nothing with its arguments), "alias" (changes nothing, may share) and
"changes" (may change what it is given). What is not listed changes.
"""

import sys


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


# Libraries whose functions keep no state that a later call could see, but for what places.py lists.
STATELESS = words(
    "numpy pandas scipy sklearn statsmodels math cmath json re itertools functools collections datetime "
    "statistics operator string copy pathlib glob csv io typing dataclasses enum textwrap hashlib base64 struct "
    "bisect heapq fractions pprint time calendar numbers difflib zlib gzip bz2 lzma html urllib os shutil "
    "pickle abc contextlib types inspect zipfile tarfile tempfile platform getpass matplotlib PIL IPython "
    "__future__ typing_extensions dateutil pytz zoneinfo tqdm seaborn patsy networkx sympy skimage cv2 imageio "
    "xarray h5py pyarrow polars joblib tabulate yaml toml tomllib tomli rich ipywidgets random warnings sys"
)
# Libraries that change nothing in others when they are imported.
INERT = (
    STATELESS
    | frozenset(sys.stdlib_module_names) - {"this", "antigravity"}
    | words(
        "torch torchvision tensorflow keras jax flax optax xgboost lightgbm catboost plotly bokeh altair requests "
        "httpx bs4 lxml sqlalchemy psycopg2 pymysql duckdb dask numba cython transformers datasets tokenizers "
        "nltk spacy gensim geopandas shapely fiona rasterio cartopy folium Bio openpyxl xlrd tables zarr netCDF4 "
        "nibabel astropy emcee corner arviz pymc pystan lifelines cvxpy pulp ortools gym gymnasium optuna shap "
        "umap hdbscan imblearn boto3 google azure ipykernel traitlets jupyter_client nbformat nbgit pytest "
        "mpl_toolkits numexpr bottleneck attr attrs pydantic click psutil packaging setuptools pkg_resources six "
        "wordcloud squarify missingno pandas_datareader"
    )
)

NUMPY_CHANGES = words("fill_diagonal put place copyto putmask put_along_axis at shuffle nditer save savez load memmap")
NUMPY_ALIASES = words(
    "asarray asanyarray ascontiguousarray asfortranarray atleast_1d atleast_2d atleast_3d ravel reshape "
    "transpose swapaxes squeeze expand_dims broadcast_to broadcast_arrays diagonal diag flip fliplr flipud "
    "split array_split hsplit vsplit dsplit moveaxis rollaxis rot90 real imag as_strided sliding_window_view "
    "frombuffer require vectorize frompyfunc nan_to_num meshgrid asmatrix matrix recarray rec matrix_transpose "
    "permute_dims piecewise apply_along_axis apply_over_axes fromiter fromfunction"
)
PANDAS_ALIASES = words("DataFrame Series Index MultiIndex Categorical Grouper NamedAgg ExcelWriter ExcelFile HDFStore")
ARRAY_CHANGES = words("fill sort put itemset resize partition setflags byteswap setfield")
ARRAY_ALIASES = words("reshape ravel view transpose swapaxes squeeze diagonal base flat getfield")
FRAME_CHANGES = words("insert pop update isetitem __setitem__ __iadd__ close write put append_to_multiple")
FRAME_FRESH = words(
    "abs add agg aggregate all any astype between clip copy corr count cov cummax cummin cumprod cumsum "
    "describe diff div dropna dot drop drop_duplicates duplicated eq explode fillna ge gt idxmax idxmin "
    "interpolate isin isna isnull kurt le lt max mean median melt merge min mode mul ne nlargest notna notnull "
    "nsmallest nunique pct_change pivot pivot_table pow prod quantile rank reindex reset_index round sem shift "
    "size skew sort_index sort_values stack std sub sum to_dict to_list tolist to_string to_markdown truediv "
    "unique unstack value_counts var where mask sample isocalendar strftime join nth first last cumcount ngroup "
    "items_list"
)
SKLEARN_PURE = words("predict predict_proba predict_log_proba decision_function score transform get_params")
# Methods that change no kind of object that people use, whatever the object.
METHODS_FRESH = words(
    "upper lower strip lstrip rstrip split rsplit splitlines join format startswith endswith encode decode "
    "title capitalize swapcase zfill center ljust rjust casefold isdigit isalpha isnumeric isalnum isupper "
    "islower isspace partition rpartition find rfind rindex mean median std var describe nunique value_counts "
    "dropna isna isnull notna notnull cumsum cumprod argmax argmin idxmax idxmin tolist total_seconds isoformat "
    "strftime bit_length hex as_integer_ratio is_integer conjugate removeprefix removesuffix issubset "
    "issuperset isdisjoint"
)
METHODS_ALIAS = words(
    "copy sum min max round abs any all count index items keys values head tail groupby astype reshape "
    "transpose unique to_numpy to_list union intersection difference symmetric_difference most_common elements"
)
STORING = words("append extend insert appendleft extendleft add update setdefault push")  # keep what they are given
KEEPS_ARGUMENTS = words("append extend insert appendleft extendleft")  # and do not change it
NOT_CALLING = STORING | words("isinstance issubclass id type callable")

BUILTINS_FRESH = words(
    "len abs min max sum all any bin bool bytes chr complex divmod float format hash hex id int isinstance "
    "issubclass oct ord pow range repr ascii round slice str type print callable hasattr input object help "
    "copyright credits license"
)
BUILTINS_COPYING = words("list tuple dict set frozenset sorted bytearray")
BUILTINS_LAZY = words("zip map filter enumerate reversed iter aiter")
BUILTINS_ALIAS = words("getattr memoryview property staticmethod classmethod super")
IDENTITY_DECORATORS = words(
    "staticmethod classmethod property lru_cache cache wraps contextmanager asynccontextmanager dataclass "
    "abstractmethod njit jit vectorize overload total_ordering cached_property final override setter getter "
    "deleter no_grad runtime_checkable"
)
SCALAR_ATTRIBUTES = words("shape ndim size dtype nbytes itemsize __name__ __class__ __doc__ empty")
COPYING_PATHS = words(
    "collections.Counter collections.deque collections.OrderedDict collections.ChainMap copy.copy "
    "collections.defaultdict heapq.nlargest heapq.nsmallest"
)
FRESH_PATHS = words(
    "copy.deepcopy json.dumps json.loads pickle.dumps pickle.loads io.StringIO io.BytesIO "
    "numpy.random.default_rng numpy.random.RandomState numpy.random.Generator random.Random functools.reduce"
)
ALIAS_ROOTS = words("itertools functools collections contextlib operator copy types dataclasses typing abc inspect")
CHANGING_PATHS = words(
    "heapq.heappush heapq.heappop heapq.heapify heapq.heapreplace heapq.heappushpop bisect.insort "
    "bisect.insort_left bisect.insort_right random.shuffle numpy.random.shuffle json.dump pickle.dump json.load "
    "pickle.load csv.writer csv.DictWriter operator.setitem operator.delitem operator.iadd operator.iconcat "
    "operator.imul operator.isub operator.ior operator.iand operator.call operator.attrgetter "
    "operator.methodcaller functools.update_wrapper sys.setrecursionlimit pandas.read_sql pandas.eval gzip.open "
    "next os.write os.close io.open pprint.pprint yaml.dump struct.pack_into joblib.dump operator.ixor "
    "operator.ipow operator.itruediv operator.ifloordiv operator.imod operator.imatmul operator.ilshift "
    "operator.irshift"
)
# Write their first argument to another, which alone is changed.
DUMPING_PATHS = words("json.dump pickle.dump yaml.dump joblib.dump numpy.save numpy.savetxt numpy.savez marshal.dump")
OBJECT_ROOTS = words("scipy sklearn statsmodels matplotlib networkx seaborn PIL tqdm xarray h5py pyarrow polars sympy")


def judge_function(path: str) -> str:
    """Return "fresh", "alias" or "changes" for the function of that dotted name of a stateless library."""
    root, _, last = path.rpartition(".")
    top = path.partition(".")[0]
    if path in DUMPING_PATHS:
        return "dumps"
    if path in CHANGING_PATHS:
        return "changes"
    if path in FRESH_PATHS:
        return "fresh"
    if path in COPYING_PATHS:
        return "copy"
    if top == "numpy":
        if last in NUMPY_CHANGES or (root.endswith("random") and last == "shuffle"):
            return "changes"
        return "alias" if last in NUMPY_ALIASES else "fresh"
    if top == "pandas":
        return "alias" if last in PANDAS_ALIASES or not last[:1].islower() else "fresh"
    if top in ALIAS_ROOTS:
        return "alias"
    if top in OBJECT_ROOTS or top not in STATELESS:
        return "alias" if top == "sklearn" and last[:1].isupper() else "changes"
    return "fresh" if top in ("math", "cmath", "statistics", "re", "time", "datetime", "string", "hashlib") else "alias"


def judge_method(kind: str, name: str) -> str:
    """Return "fresh", "alias" or "changes" for a method of an object that a library of that name made ("": unknown)."""
    if kind == "numpy":
        return "changes" if name in ARRAY_CHANGES else "alias" if name in ARRAY_ALIASES else "fresh"
    if kind == "pandas":
        return "changes" if name in FRAME_CHANGES else "fresh" if name in FRAME_FRESH else "alias"
    if kind == "sklearn" and name in SKLEARN_PURE:
        return "fresh"
    if name in METHODS_FRESH:
        return "fresh"
    return "alias" if name in METHODS_ALIAS else "changes"
