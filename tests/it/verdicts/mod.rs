//! Who is let in where: every RPC, every kind of caller, every surface. The table is
//! made of the descriptors: an RPC that is added is in it without being named here.

mod callers;
mod declared;
mod surfaces;

use prost_reflect::{DescriptorPool, MethodDescriptor};
use sekisho::{grpc::SERVICES, proto::DESCRIPTORS};

use self::{
    callers::{Cast, Who},
    declared::Declared,
    surfaces::{Asker, Surface},
};
use crate::support::TestApp;

/// Longer than an access token lives, and its leeway.
const LIFE: u64 = 905;
/// Nothing sensitive is done on a proof as old as this one.
const STALE: u64 = 301;

fn rpcs() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let services = SERVICES.map(|name| pool.get_service_by_name(name).expect(name));
    services.iter().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

/// R15, R70: the surfaces agree, and with the option in the proto. Objects are those of
/// one person: another one leaves them as they are.
#[tokio::test(flavor = "multi_thread")]
async fn every_rpc_lets_in_whom_its_option_names_on_every_surface() {
    let app = TestApp::start().await;
    let expired = app.ada().await.access;
    app.advance(LIFE);
    let (asker, mut wrong, mut number) = (Asker::new(&app), Vec::new(), 0);
    for rpc in rpcs() {
        let declared = Declared::of(&rpc);
        for surface in Surface::all_of(&rpc) {
            number += 1;
            let cast = Cast::gather(&app, &declared, &expired, number).await;
            for who in Who::ALL {
                let expected = declared.refusal(who);
                let refusal = asker.refusal(&rpc, &surface, cast.token(who), &cast.objects()).await;
                if refusal.as_deref() != expected {
                    let (rpc, surface) = (rpc.full_name(), surface.name());
                    wrong.push(format!("{rpc} over {surface}, {who:?}: {refusal:?} and not {expected:?}"));
                }
                if who == Who::OtherPerson {
                    assert_eq!(app.profile(&cast.person.access).await.status, 200, "{} by another", rpc.full_name());
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// R15: a service that is not in the list has no policy, and would not be in the table.
#[test]
fn every_service_of_the_package_is_in_the_list() {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let ours = pool.services().filter(|service| service.package_name() == "sekisho.v1");
    let mut ours: Vec<String> = ours.map(|service| service.full_name().to_owned()).collect();
    ours.sort_unstable();
    let mut listed = SERVICES.to_vec();
    listed.sort_unstable();
    assert_eq!(ours, listed);
}
