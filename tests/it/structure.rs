//! Imports between the files of `src`: no two files import each other in a cycle, so each can be read without those
//! above it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};
use walkdir::WalkDir;

/// The base modules, which import only each other.
const BASE_LAYER: [&str; 9] = ["cache", "entries", "error", "event", "interrupt", "os", "platform", "process", "quote"];

/// A module's path from the crate root, which is the empty path.
type Module = Vec<String>;

/// Imports between files, keyed by the importing and the imported file, each with one imported name.
type Imports = BTreeMap<(String, String), String>;

/// All modules with their files and syntax trees, except those only for tests or fuzzing.
pub struct Sources {
    modules: BTreeMap<Module, (String, syn::File)>,
}

impl Sources {
    pub fn read() -> Sources {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let is_code = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
        let paths = WalkDir::new(&src).into_iter().map(|entry| entry.unwrap().into_path()).filter(is_code);
        let mut modules = BTreeMap::new();
        for path in paths.filter(|path| !path.ends_with("src/main.rs")) {
            let name = path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
            let module = match name.as_str() {
                "lib.rs" => vec![],
                name => name.strip_suffix(".rs").unwrap().split('/').map(str::to_owned).collect(),
            };
            modules.insert(module, (name, syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap()));
        }
        let mut for_tests = BTreeSet::new();
        for (module, (_, file)) in &modules {
            for item in &file.items {
                match item {
                    Item::Mod(declared) if is_for_tests(&declared.attrs) => {
                        for_tests.insert([module.as_slice(), &[declared.ident.to_string()]].concat());
                    }
                    _ => {}
                }
            }
        }
        modules.retain(|module, _| !for_tests.contains(module));
        Sources { modules }
    }

    pub fn files(&self) -> impl Iterator<Item = &syn::File> {
        self.modules.values().map(|(_, file)| file)
    }

    fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (module, (name, file)) in &self.modules {
            let mut paths = Paths::default();
            paths.visit_file(file);
            for path in paths.found {
                if let Some(imported) = self.file_of(module, &path).filter(|imported| imported != name) {
                    imports.insert((name.clone(), imported), path.last().unwrap().clone());
                }
            }
        }
        imports
    }

    /// The file that a path in `module` refers to. None for another crate or a local name.
    fn file_of(&self, module: &Module, path: &[String]) -> Option<String> {
        let ups = path.iter().take_while(|word| *word == "super").count();
        let full: Module = match path[0].as_str() {
            "crate" => path[1..].to_vec(),
            "rvenv" => vec![],
            "self" => [module, &path[1..]].concat(),
            "super" => [&module[..module.len() - ups], &path[ups..]].concat(),
            _ => [module, path].concat(),
        };
        let is_local = !["crate", "rvenv", "self", "super"].contains(&path[0].as_str());
        let deepest = (0..=full.len()).rev().find_map(|length| self.modules.get_key_value(&full[..length]))?;
        (!is_local || deepest.0.len() > module.len()).then(|| deepest.1.0.clone())
    }
}

/// The paths in a file's imports and code, excluding tests.
#[derive(Default)]
struct Paths {
    found: Vec<Vec<String>>,
}

impl Paths {
    fn follow(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.follow(&with(&path.ident), &path.tree),
            UseTree::Name(name) => self.found.push(with(&name.ident)),
            UseTree::Rename(name) => self.found.push(with(&name.ident)),
            UseTree::Glob(_) => self.found.push(before.to_vec()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.follow(before, tree)),
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    /// `pub(in crate::seed)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.follow(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.found.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
}

/// Whether an item exists only for tests, doctests or fuzzing.
pub fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).any(|attribute| {
        let condition = attribute.meta.require_list().unwrap().tokens.to_string();
        let has = |word: &&str| condition.contains(word);
        ["test", "fuzzing", "doctest"].iter().any(has) && !["not", "target_os"].iter().any(has)
    })
}

/// The top-level module that a file belongs to: the first directory or file below `src`.
fn top_module(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The imports that are part of a cycle.
fn cycles(imports: &Imports) -> Imports {
    let mut cycles = imports.clone();
    cycles.retain(|(from, to), _| reached_from(to, imports).contains(from));
    cycles
}

/// Everything that a file imports, directly or indirectly.
fn reached_from<'a>(start: &'a String, imports: &'a Imports) -> BTreeSet<&'a String> {
    let (mut reached, mut next) = (BTreeSet::from([start]), vec![start]);
    while let Some(from) = next.pop() {
        let imported = imports.keys().filter(|(importing, _)| importing == from).map(|(_, imported)| imported);
        next.extend(imported.filter(|imported| reached.insert(imported)));
    }
    reached
}

fn assert_no_cycle(imports: &Imports, what: &str) {
    let cycles = cycles(imports);
    let lines: Vec<String> =
        cycles.iter().map(|((from, to), name)| format!("{from} imports {name} from {to}")).collect();
    assert!(lines.is_empty(), "{what} import each other in a cycle; break one of these:\n{}", lines.join("\n"));
}

/// The number of layers of files, where each file is above all that it imports.
fn layers(imports: &Imports) -> usize {
    let (mut left, mut layers) = (imports.clone(), 1);
    while !left.is_empty() {
        let importing: BTreeSet<String> = left.keys().map(|(importing, _)| importing.clone()).collect();
        left.retain(|(_, to), _| importing.contains(to));
        layers += 1;
    }
    layers
}

#[test]
fn files_do_not_import_each_other_in_a_cycle() {
    let imports = Sources::read().imports();
    assert!(imports.contains_key(&("builder.rs".to_owned(), "context.rs".to_owned())), "none were read: {imports:?}");
    assert_no_cycle(&imports, "files of src");
    println!("{} imports between files, in {} layers", imports.len(), layers(&imports));
}

#[test]
fn top_level_modules_do_not_import_each_other_in_a_cycle() {
    let mut imports = Imports::new();
    for ((from, to), name) in Sources::read().imports() {
        if top_module(&from) != top_module(&to) {
            imports.insert((top_module(&from).to_owned(), top_module(&to).to_owned()), format!("{name} ({from})"));
        }
    }
    assert_no_cycle(&imports, "top-level modules of src");
    println!("{} imports between top-level modules, in {} layers", imports.len(), layers(&imports));
}

#[test]
fn base_modules_import_only_each_other() {
    for ((from, to), name) in Sources::read().imports() {
        let goes_up = BASE_LAYER.contains(&top_module(&from)) && !BASE_LAYER.contains(&top_module(&to));
        assert!(!goes_up, "{from} is a base module, so it cannot import {name} from {to}");
    }
}

#[test]
fn only_the_os_module_depends_on_the_target_system() {
    const SYSTEMS: [&str; 5] = ["unix", "windows", "target_os", "target_family", "target_arch"];
    for (name, file) in Sources::read().modules.values().filter(|(name, _)| top_module(name) != "os") {
        let mut conditions = Conditions::default();
        conditions.visit_file(file);
        let of_system = conditions.found.iter().find(|condition| SYSTEMS.iter().any(|word| condition.contains(word)));
        assert!(of_system.is_none(), "{name} has cfg({}); system-specific code belongs in os", of_system.unwrap());
    }
}

#[test]
fn only_windows_calls_are_unsafe() {
    for (name, file) in Sources::read().modules.values().filter(|(name, _)| !name.starts_with("os/windows/")) {
        let mut conditions = Conditions::default();
        conditions.visit_file(file);
        assert!(!conditions.is_unsafe, "{name} has an unsafe block; Windows calls belong in os/windows");
    }
}

/// The conditions in `#[cfg(…)]`, `#[cfg_attr(…)]` and `cfg!(…)`, and whether there is unsafe code, excluding tests.
#[derive(Default)]
struct Conditions {
    found: Vec<String>,
    is_unsafe: bool,
}

impl<'ast> Visit<'ast> for Conditions {
    fn visit_item(&mut self, item: &'ast Item) {
        let is_test = matches!(item, Item::Mod(item) if is_for_tests(&item.attrs));
        if !is_test {
            visit::visit_item(self, item);
        }
    }

    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.is_unsafe = true;
        visit::visit_expr_unsafe(self, block);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            self.found.push(attribute.meta.require_list().unwrap().tokens.to_string());
        }
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        if called.path.is_ident("cfg") {
            self.found.push(called.tokens.to_string());
        }
    }
}
