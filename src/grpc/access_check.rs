//! Finds RPCs that do not say who may call them. The build runs it on `proto/`.

use prost_reflect::{DescriptorError, DescriptorPool};

/// The full names of the RPCs of a package without an access option.
pub(crate) fn undeclared(descriptors: &[u8], package: &str) -> Result<Vec<String>, DescriptorError> {
    let pool = DescriptorPool::decode(descriptors)?;
    let access = pool.get_extension_by_name("sekisho.v1.access");
    let is_declared = |method: &prost_reflect::MethodDescriptor| {
        access.as_ref().is_some_and(|access| method.options().has_extension(access))
    };
    Ok(pool
        .services()
        .filter(|service| service.package_name() == package)
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .filter(|method| !is_declared(method))
        .map(|method| method.full_name().to_owned())
        .collect())
}

#[cfg(test)]
mod tests {
    use protox::{
        Compiler,
        file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver},
    };

    use super::*;

    struct OneFile(&'static str);

    impl FileResolver for OneFile {
        fn open_file(&self, name: &str) -> Result<File, protox::Error> {
            if name == "one.proto" { File::from_source(name, self.0) } else { Err(protox::Error::file_not_found(name)) }
        }
    }

    fn undeclared_in(source: &'static str) -> Vec<String> {
        let mut files = ChainFileResolver::new();
        files.add(OneFile(source));
        files.add(IncludeFileResolver::new("interceptor/proto".into()));
        files.add(GoogleFileResolver::new());
        let mut compiler = Compiler::with_file_resolver(files);
        compiler.include_imports(true).open_file("one.proto").unwrap();
        undeclared(&compiler.encode_file_descriptor_set(), "sekisho.v1").unwrap()
    }

    /// R15.
    #[test]
    fn an_rpc_without_the_option_is_named() {
        let found = undeclared_in(
            r#"
            syntax = "proto3";
            package sekisho.v1;
            import "sekisho/v1/access.proto";
            message M {}
            service S {
              rpc Guarded(M) returns (M) { option (access) = {}; }
              rpc Open(M) returns (M) { option (access) = { public: true }; }
              rpc Forgotten(M) returns (M);
            }"#,
        );
        assert_eq!(found, ["sekisho.v1.S.Forgotten"]);
    }

    /// R15.
    #[test]
    fn without_the_import_nothing_is_declared() {
        let found =
            undeclared_in("syntax = \"proto3\"; package sekisho.v1; message M {} service S { rpc A(M) returns (M); }");
        assert_eq!(found, ["sekisho.v1.S.A"]);
    }
}
