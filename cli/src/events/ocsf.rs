//! Events in the Open Cybersecurity Schema Framework, version 1.4.0.
//!
//! Class HTTP Activity (4002) with the profile Security Control, not Detection Finding (2004): a verdict is the outcome of one request,
//! known at once and final. A finding has a life (created, updated, closed) that nobody here follows. What the framework has no
//! field for stands in `unmapped`.

use abatis::Action;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Event;

const VERSION: &str = "1.4.0";
const CATEGORY: u32 = 4;
const CLASS: u32 = 4002;

/// The event as the framework has it.
pub(super) fn event(event: &Event, time: Timestamp) -> Value {
    let method = event.request.method.as_deref().unwrap_or_default();
    let activity = activity(method);
    // `action_id` 1 is allowed, 2 is denied; `disposition_id` 2 is blocked, 11 is corrected, 15 is detected.
    let (action_id, disposition_id) = match event.action {
        Action::Block => (2, 2),
        Action::Sanitize => (1, 11),
        _ => (1, 15),
    };
    // 2 is low, 3 medium, 4 high.
    let severity_id = match event.score {
        900.. => 4,
        700.. => 3,
        _ => 2,
    };
    let mut url = json!({"path": event.request.path});
    let mut mapped = json!({
        "metadata": {
            "version": VERSION,
            "product": {"name": "abatis", "vendor_name": "abatis", "version": env!("CARGO_PKG_VERSION")},
            "profiles": ["security_control"],
        },
        "category_uid": CATEGORY,
        "class_uid": CLASS,
        "activity_id": activity,
        "type_uid": CLASS * 100 + activity,
        "time": time.as_millisecond(),
        "severity_id": severity_id,
        "action_id": action_id,
        "disposition_id": disposition_id,
        "is_alert": true,
        "policy": {"name": event.policy.mode, "version": event.ruleset},
    });
    if let Some(host) = &event.request.host {
        url["hostname"] = json!(host);
        mapped["dst_endpoint"] = json!({"hostname": host});
    }
    if let Some(client) = &event.request.client {
        mapped["src_endpoint"] = json!({"ip": client});
    }
    mapped["http_request"] = json!({"http_method": method, "url": url});
    if let Some(finding) = event.findings.first() {
        mapped["firewall_rule"] =
            json!({"uid": finding.rule, "category": finding.class, "version": event.ruleset});
        mapped["message"] =
            json!(format!("{} in {} {}", finding.rule, finding.place, finding.pattern));
    }
    mapped["unmapped"] = json!({
        "id": event.id, "score": event.score, "findings": event.findings, "dropped": event.dropped, "coverage": event.coverage,
        "route": event.policy.route,
    });
    mapped
}

/// `activity_id` of a method; 99 is any other.
fn activity(method: &str) -> u32 {
    let methods = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE", "PATCH"];
    let known = (1..).zip(methods).find(|(_, known)| *known == method);
    known.map_or(99, |(id, _)| id)
}
