//! What the option in the proto says, read without the code that enforces it.

use std::collections::BTreeSet;

use prost_reflect::{DynamicMessage, MethodDescriptor};

use super::{callers::Who, rpcs};

/// A scope that the flow asks services for, because the option lets people in as well;
/// and there people see nothing of each other.
const IN_THE_FLOW: [(&str, &str); 1] = [("sekisho.v1.AuditService.ListEvents", "audit:read")];

/// Of `sekisho.v1.Access`.
const FIELDS: [&str; 4] = ["public", "scopes", "callers", "freshness"];
const PEOPLE: [i32; 3] = [0, 1, 3];
const SERVICES: [i32; 2] = [2, 3];

/// Who may call an RPC.
pub struct Declared {
    public: bool,
    callers: i32,
    scopes: BTreeSet<String>,
    in_the_flow: Option<&'static str>,
}

impl Declared {
    /// # Panics
    ///
    /// On an RPC without the option, and on a field that is new here.
    pub fn of(rpc: &MethodDescriptor) -> Self {
        let option = option(rpc).unwrap_or_else(|| panic!("no access option on {}", rpc.full_name()));
        for (field, _) in option.fields() {
            assert!(FIELDS.contains(&field.name()), "what does {} mean for {}?", field.name(), rpc.full_name());
        }
        let field = |name: &str| option.get_field_by_name(name).unwrap().into_owned();
        let scopes = field("scopes");
        let in_the_flow = IN_THE_FLOW.iter().find(|(name, _)| *name == rpc.full_name());
        Self {
            public: field("public").as_bool().unwrap(),
            callers: field("callers").as_enum_number().unwrap(),
            scopes: scopes.as_list().unwrap().iter().map(|scope| scope.as_str().unwrap().to_owned()).collect(),
            in_the_flow: in_the_flow.map(|(_, scope)| *scope),
        }
    }

    /// Why a caller is refused; `None` for one who is let in.
    pub fn refusal(&self, who: Who) -> Option<&'static str> {
        if self.public {
            return None;
        }
        let may = match who {
            Who::Anonymous => return Some("UNAUTHORIZED"),
            Who::Expired => return Some("ACCESS_TOKEN_EXPIRED"),
            Who::Person => self.takes_people(),
            Who::OtherPerson => self.takes_people() && self.in_the_flow.is_none(),
            Who::ServiceWithoutScope => SERVICES.contains(&self.callers) && self.scopes_of_services().is_empty(),
            Who::Service => SERVICES.contains(&self.callers),
        };
        (!may).then_some("PERMISSION_DENIED")
    }

    fn takes_people(&self) -> bool {
        PEOPLE.contains(&self.callers) && self.scopes.is_empty()
    }

    fn scopes_of_services(&self) -> BTreeSet<String> {
        self.scopes.iter().cloned().chain(self.in_the_flow.map(str::to_owned)).collect()
    }

    /// The scopes that a service needs, or all that there are where none would help it.
    pub fn enough(&self) -> BTreeSet<String> {
        let needed = self.scopes_of_services();
        if needed.is_empty() { every_scope() } else { needed }
    }

    /// All others: a service has one at least.
    pub fn not_enough(&self) -> BTreeSet<String> {
        &every_scope() - &self.scopes_of_services()
    }
}

fn every_scope() -> BTreeSet<String> {
    rpcs().iter().flat_map(|rpc| Declared::of(rpc).scopes_of_services()).collect()
}

/// The method's own, else its service's.
fn option(rpc: &MethodDescriptor) -> Option<DynamicMessage> {
    let (pool, service) = (rpc.parent_pool(), rpc.parent_service());
    let read = |name: &str, options: DynamicMessage| {
        let extension = pool.get_extension_by_name(name)?;
        let message = || options.get_extension(&extension).as_message().unwrap().clone();
        options.has_extension(&extension).then(message)
    };
    read("sekisho.v1.access", rpc.options()).or_else(|| read("sekisho.v1.default_access", service.options()))
}
