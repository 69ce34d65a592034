//! A real OpenID provider, as others run it.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use super::AUDIENCE;
use crate::support::server::{Client, Server};

/// It, until it is dropped.
struct Provider {
    process: Child,
    url: String,
}

impl Provider {
    fn start() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("node");
        command.arg(root.join("tests/oidc/provider.mjs")).arg(port.to_string()).arg(AUDIENCE);
        command.arg(root.join("target/tools/oidc")).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("node, and `tests/run --tools`");
        let mut ready = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert_eq!(ready, "ready\n", "the provider does not start: install what it needs by `tests/run --tools`");
        Self { process, url: format!("http://127.0.0.1:{port}") }
    }

    /// A token of a client, by its secret.
    fn token(&self, client: &str) -> String {
        let body =
            format!("grant_type=client_credentials&client_id={client}&client_secret=secret-of-{client}&scope=api");
        let headers = [("Content-Type", "application/x-www-form-urlencoded")];
        let answer = Client::new(&self.url).send("POST", "/token", &headers, Some(body.as_bytes()));
        answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{}", answer.text)).to_owned()
    }

    fn metadata(&self) -> Value {
        Client::new(&self.url).send("GET", "/.well-known/openid-configuration", &[], None).json()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[test]
fn a_service_comes_with_a_token_of_a_real_provider() {
    let (server, provider) = (Server::memory(), Provider::start());
    let metadata = provider.metadata();
    let issuer = json!({
        "id": "idp", "issuer": metadata["issuer"], "jwks_uri": metadata["jwks_uri"], "audiences": [AUDIENCE],
        "algorithms": ["RS256"],
    });
    server.done(&server.admin, "register-issuer", issuer);
    let user = json!({
        "id": "service", "org": "root", "name": "Service", "user_type": "administrator", "privileges": ["access.check"]
    });
    server.done(&server.admin, "create-user", user);
    let who = |token: &str| server.get(token, "/v1/whoami");
    // Not before it is linked to a user.
    assert_eq!(who(&provider.token("service")).outcome(), "401 caller.unauthenticated");
    let link = json!({"user": "service", "issuer": metadata["issuer"], "subject": "service"});
    server.done(&server.admin, "link-identity", link);
    let token = provider.token("service");
    assert_eq!(who(&token).json()["id"], "service");
    assert_eq!(who(&provider.token("stranger")).outcome(), "401 caller.unauthenticated");
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert_eq!(who(&format!("{signed}.AAAA")).outcome(), "401 caller.unauthenticated");
    let question = json!({
        "subject": {"type": "user", "id": "admin"}, "action": {"name": "org.manage"}, "resource": {"type": "org", "id": "root"}
    });
    assert_eq!(server.post(&token, "/access/v1/evaluation", &question).json()["decision"], true);
}
