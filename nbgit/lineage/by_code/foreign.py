"""Ring 3: files that R and Julia code names, by their best known functions and by texts alone: no value is followed."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from nbgit.lineage.slicing.named_files import FETCHED, READ, STARTED, UNFIT, WRITTEN
from nbgit.lineage.slicing.pure import words

R_READERS = words(
    "read.csv read.csv2 read.table read.delim read.fwf readRDS load readLines scan read_csv read_csv2 "
    "read_tsv read_delim read_table read_rds read_lines read_file read_excel read_xlsx read_xls fread "
    "vroom read_parquet read_feather read_dta read_sav read_sas read_json fromJSON read.xlsx st_read "
    "read_sf raster rast vect readPNG readJPEG read_yaml read_html read_xml image_read read.dcf read.fst "
    "read_fst qread open_dataset readMat H5Fopen nc_open read.dta"
)
R_WRITERS = words(
    "write.csv write.csv2 write.table saveRDS save write_csv write_csv2 write_tsv write_delim write_rds "
    "write_lines write_file fwrite writeLines write_parquet write_feather write_json write_dta write_sav "
    "write.xlsx write_xlsx st_write write_sf writeRaster saveWidget dump dput image_write qsave write_fst "
    "write.fst write_yaml save_kable gtsave"
)
R_DEVICES = words("ggsave png pdf jpeg svg tiff bmp cairo_pdf sink save.image save_plot")
JULIA_READERS = words(
    "CSV.read CSV.File CSV.Rows readdlm load JLD2.load FileIO.load JLD.load readlines eachline "
    "Arrow.Table Parquet.File read_parquet JSON.parsefile YAML.load_file NPZ.npzread npzread matread "
    "XLSX.readtable XLSX.readxlsx readtable Images.load DelimitedFiles.readdlm read readavailable "
    "TOML.parsefile Serialization.deserialize deserialize"
)
JULIA_WRITERS = words(
    "CSV.write writedlm save JLD2.save FileIO.save jldsave Arrow.write npzwrite matwrite XLSX.writetable "
    "serialize Plots.savefig savefig DelimitedFiles.writedlm write png pdf svg gr JSON.print "
    "Parquet.write_parquet write_parquet"
)
JULIA_OPENERS = words("open h5open jldopen")
FILE_WORDS = ("file", "path", "filename", "con", "sink", "input", "x_path", "dsn", "filepath", "txt", "fname")
TOKEN = re.compile(
    r"""(?P<comment>\#=.*?=\#|\#[^\n]*)
      | (?P<raw>\b[rR]"\((?P<inner>.*?)\)")
      | (?P<long>\"\"\".*?\"\"\")
      | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
      | (?P<name>@?[A-Za-z_.][\w.!]*)
      | (?P<mark>::|<-|->|\|>|[(),=\[\]{};])
      | (?P<other>\S)""",
    re.VERBOSE | re.DOTALL,
)


class Argument(NamedTuple):
    """One argument of a call: its name, if it has one, and its text, if it is one and nothing else."""

    name: str
    text: str | None


class Call(NamedTuple):
    """One call: the function as it is named, and its arguments; `is_piped` says that something is piped into it."""

    name: str
    arguments: list[Argument]
    is_piped: bool = False


def named_in(code: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield (READ, WRITTEN, FETCHED or STARTED; name) of what R or Julia code names; of other languages nothing."""
    take = {"r": _r, "julia": _julia}.get(language.lower().partition("-")[0])
    for call in calls_of(code) if take else ():
        for how, text in take(call) if take else ():
            if text and not UNFIT & set(text) and len(text) < 400:
                if "://" not in text:
                    yield how, text.replace("\\", "/")
                elif how == READ:
                    yield FETCHED, text


def calls_of(code: str) -> list[Call]:
    """Return the calls of code in R or Julia, inner ones before outer ones."""
    tokens = [(found.lastgroup or "", found) for found in TOKEN.finditer(code)]
    tokens = [(kind if kind != "inner" else "raw", found) for kind, found in tokens if kind != "comment"]
    found: list[Call] = []
    stack: list[tuple[str, list[list[tuple[str, str]]], bool]] = []
    before: list[tuple[str, str]] = []
    for kind, match in tokens:
        text = _text(match) if kind in ("raw", "long", "text") else match[0]
        if kind == "mark" and text in ("(", "[", "{"):
            is_call = text == "(" and bool(before) and before[-1][0] == "name"
            name = before[-1][1] if is_call else ""
            piped = len(before) > 1 and before[-2][1] in ("|>", "%>%")
            stack.append((name, [[]], piped))
        elif kind == "mark" and text in (")", "]", "}") and stack:
            name, parts, piped = stack.pop()
            if name:
                found.append(Call(name, [_argument(part) for part in parts if part], piped))
            if stack:
                stack[-1][1][-1].append(("group", ""))
        elif kind == "mark" and text == "," and stack:
            stack[-1][1].append([])
        elif stack:
            stack[-1][1][-1].append((kind, text))
        before = [*before[-2:], (kind, text)]
    return found


def _text(match: "re.Match[str]") -> str:
    if match["raw"]:
        return match["inner"]
    quoted = match["long"] or match["text"]
    return quoted[3:-3] if match["long"] else re.sub(r"\\(.)", r"\1", quoted[1:-1])


def _argument(part: list[tuple[str, str]]) -> Argument:
    name = ""
    if len(part) > 1 and part[0][0] == "name" and part[1] == ("mark", "="):
        name, part = part[0][1], part[2:]
    is_text = len(part) == 1 and part[0][0] in ("text", "raw", "long")
    return Argument(name, part[0][1] if is_text else None)


def _r(call: Call) -> Iterator[tuple[str, str | None]]:
    if call.name in ("source", "sys.source"):
        yield STARTED, _place(call, 0)
    elif call.name in R_READERS:
        yield READ, _place(call, 0)
    elif call.name in R_DEVICES:
        yield WRITTEN, _place(call, 0) or _place(call, 1)
    elif call.name in R_WRITERS:
        yield WRITTEN, _place(call, 0 if call.is_piped else 1)
    elif call.name == "download.file":
        yield READ, _place(call, 0)
        yield WRITTEN, _place(call, 1)
    elif call.name == "file":
        mode = next((one.text for one in call.arguments if one.name == "open"), None) or _place(call, 1) or "r"
        yield (WRITTEN if set(mode) & set("wa") else READ), _place(call, 0)


def _julia(call: Call) -> Iterator[tuple[str, str | None]]:
    texts = [one.text for one in call.arguments if not one.name]
    first = texts[0] if texts else None
    if any("$" in text for text in texts if text):
        return
    if call.name == "include":
        yield STARTED, first
    elif call.name in JULIA_OPENERS:
        place = next((number for number, text in enumerate(texts) if text), 0)
        mode = texts[place + 1] if place + 1 < len(texts) else None
        yield (WRITTEN if set(mode or "r") & set("wa") else READ), texts[place] if texts else None
    elif call.name in JULIA_READERS:
        yield READ, first
    elif call.name in JULIA_WRITERS:
        yield WRITTEN, first or (texts[1] if len(texts) > 1 and call.name.endswith("savefig") else None)
    elif call.name in ("download", "Downloads.download"):
        yield READ, first
        yield WRITTEN, texts[1] if len(texts) > 1 else None


def _place(call: Call, position: int) -> str | None:
    """Return the text of the argument that names a file: by its name, else by its place among those without one."""
    named = next((one.text for one in call.arguments if one.name in FILE_WORDS), None)
    if named is not None:
        return named
    plain = [one.text for one in call.arguments if not one.name]
    return plain[position] if position < len(plain) else None
