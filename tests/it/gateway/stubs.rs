//! The program's own checks, and that its stubs are those of the proto.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use prost::Message;
use prost_types::{FileDescriptorProto, FileOptions, compiler::CodeGeneratorResponse};
use sekisho::proto::DESCRIPTORS;

use super::program::{can_be_built, folder, go};

/// As in buf.gen.yaml.
const PLUGINS: [(&str, &str); 3] = [
    ("protoc-gen-go", "paths=source_relative"),
    ("protoc-gen-go-grpc", "paths=source_relative"),
    ("protoc-gen-grpc-gateway", "paths=source_relative,allow_delete_body=true"),
];
const PACKAGE: &str = "sekisho/grpc-gateway/gen/sekisho/v1;sekishov1";

#[test]
fn the_program_passes_its_own_checks() {
    if !can_be_built() {
        return;
    }
    let unformatted = Command::new("gofmt").args(["-l", "."]).current_dir(folder()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&unformatted.stdout), "", "gofmt");
    go(&["vet", "./..."]);
    go(&["test", "./..."]);
}

/// By the plugins at the versions of tools/go.mod, without buf, which takes minutes to
/// build.
#[test]
fn the_stubs_are_those_of_the_proto() {
    if !can_be_built() {
        return;
    }
    let wanted: BTreeMap<String, String> =
        PLUGINS.into_iter().flat_map(|(plugin, parameter)| generated(plugin, parameter)).collect();
    let mut found = BTreeMap::new();
    read(&folder().join("gen"), &mut found);
    assert!(found.keys().eq(wanted.keys()), "{:?}\n{:?}", found.keys(), wanted.keys());
    for (file, text) in wanted {
        assert!(found[&file] == text, "gen/{file} is out of date: `go generate` in deploy/grpc-gateway");
    }
}

/// A descriptor set whose files are as they were compiled: typed ones have no options of
/// ours.
#[derive(Clone, PartialEq, Message)]
struct Files {
    #[prost(bytes = "vec", repeated, tag = "1")]
    file: Vec<Vec<u8>>,
}

/// `google.protobuf.compiler.CodeGeneratorRequest` of such files.
#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(string, repeated, tag = "1")]
    file_to_generate: Vec<String>,
    #[prost(string, tag = "2")]
    parameter: String,
    #[prost(bytes = "vec", repeated, tag = "15")]
    proto_file: Vec<Vec<u8>>,
}

fn generated(plugin: &str, parameter: &str) -> Vec<(String, String)> {
    let (mut file_to_generate, mut proto_file) = (Vec::new(), Vec::new());
    for mut file in Files::decode(DESCRIPTORS).unwrap().file {
        let name = FileDescriptorProto::decode(&*file).unwrap().name().to_owned();
        if name.starts_with("sekisho/") {
            file_to_generate.push(name);
            let options = FileOptions { go_package: Some(PACKAGE.to_owned()), ..FileOptions::default() };
            // What is appended to a message is merged into it.
            file.extend(FileDescriptorProto { options: Some(options), ..Default::default() }.encode_to_vec());
        }
        proto_file.push(file);
    }
    let request = Request { file_to_generate, parameter: parameter.to_owned(), proto_file };
    let answer = CodeGeneratorResponse::decode(&*run(plugin, &request.encode_to_vec())).unwrap();
    assert_eq!(answer.error, None, "{plugin}");
    answer.file.into_iter().map(|file| (file.name().to_owned(), file.content().to_owned())).collect()
}

fn run(plugin: &str, request: &[u8]) -> Vec<u8> {
    let mut command = Command::new("go");
    command.args(["tool", "-modfile=tools/go.mod", plugin]).current_dir(folder());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(request).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{plugin}");
    output.stdout
}

fn read(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, found);
        } else {
            let root = super::program::folder().join("gen");
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}
