"""Clients made from the OpenAPI document by two generators have names that a person would use, and work."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.http.account_requests import ACCOUNT_REQUESTS
from api.settings import Settings
from tests.support.doc_pages import blocks, shell_lines
from tests.support.paths import ROOT, RULES
from tests.support.running_service import running

pytestmark = pytest.mark.slow

USE = """
import json, sys
from pathlib import Path

from credence_client import Client
from credence_client.api.decisions import decide_order
from credence_client.models import FactType, MissingInputKind, OrderDecision, OrderOutcome, OrderRequest, Problem

order = json.loads(Path(sys.argv[2]).read_text("utf-8"))
with Client(base_url=sys.argv[1]) as client:
    decision = decide_order.sync(client=client, body=OrderRequest.from_dict(order))
    assert type(decision) is OrderDecision, decision
    assert decision.outcome is OrderOutcome.HOLD
    assert [reason.rule for reason in decision.reasons] == ["orders.over-limit"]

    order["order"]["amount"] = "12000.00"
    approved = decide_order.sync(client=client, body=OrderRequest.from_dict(order))
    assert approved.outcome is OrderOutcome.APPROVE
    assert [(figure.name, figure.unit, figure.value) for figure in approved.figures][0] == (
        "orders.headroom", "EUR", "6000.00"
    )
    assert "Credit limit" in [rule.title.en for rule in approved.passed]

    little = {"order": {"id": "SO-2", "amount": "5.00", "prepayment": True}, "account": {"id": "C-1"}}
    waiting = decide_order.sync(client=client, body=OrderRequest.from_dict(little))
    assert [(item.name, item.kind, item.type_) for item in waiting.missing][0] == (
        "account.status", MissingInputKind.FACT, FactType.ENUM
    )
    assert not waiting.conditions.prepayment  # a payment alone would not open the way
    assert waiting.reasons[0].outcome is OrderOutcome.HOLD

    order["order"]["amount"] = "much"
    problem = decide_order.sync(client=client, body=OrderRequest.from_dict(order))
    assert type(problem) is Problem, problem
    assert problem.errors[0].path == "/order/amount"
"""
"""What an engineer who integrates an ERP would write."""

NAMED_BY_CASE = [
    f"{kind}{part}"
    for kind in ("Account", "Invoice", "Limit", "Order", "Portfolio")
    for part in ("Decision", "Facts", "Outcome", "Reason", "Request")
]
NAMES = {
    *NAMED_BY_CASE,
    *("CurrencyCode", "ExchangeRate", "OtherCurrency", "Rate"),
    *("AccountCustomerClass", "AccountExternalRating", "AccountLimitStatus", "AccountPreviousGrade", "AccountStatus"),
    *("AccountAssignedGrade", "AccountGroupWorstGrade", "OrderCheckpoint", "OrderSecondReleasedByRole"),
    *("AccountOpenItemsRecord", "AccountOpenItemsKind", "AccountSecuritiesRecord", "AccountSecuritiesKind"),
    *("OrderDeliveryScheduleRecord", "InvoiceInstalmentsRecord"),
    *(
        "OrderReleasedByRole",
        "PortfolioIndustry",
        "LimitBasis",
        "LimitGrantedByRole",
        "LimitKind",
        "LimitSecondGrantedByRole",
    ),
    *("ActivateRequest", "CheckAnswer", "CheckRequest", "PolicyFile", "PolicySet", "FailedChange", "PendingChange"),
    *("Alive", "BodyFault", "Diagnostic", "Problem", "Readiness", "Text"),
    *("Condition", "Figure", "MissingInput", "OrderConditions", "PassedRule", "Undetermined", "Waiver"),
    *("AddPersonRequest", "ChangePersonRequest", "CreateKeyRequest", "RevokeKeyRequest", "Authority", "Role"),
    *("Person", "People", "Key", "Keys", "NewKey"),
    *("Action", "ActionName", "RequestedAction"),
    *("Lever", "Nearest", "NearestChange", "Switch"),
    *("CaseKind", "Fact", "FactType", "FactWord", "FutureDates", "JsonValue", "Outcome", "RecordValue", "Vocabulary"),
    *("JournalState", "PolicyResults"),
    *(
        "AddWebhookRequest",
        "ChangeWebhookRequest",
        "RotateWebhookRequest",
        "SendAgainRequest",
        "EventName",
        "Signature",
    ),
    *("SubmitOrderRequest", "ChangeOrderRequest", "ReleaseOrderRequest", "ReleaseOrdersRequest", "StopOrderRequest"),
    *("EndOrderRequest", "DeliverOrderRequest", "UndeliverOrderRequest", "PreviewOrdersRequest"),
    *("LedgerOrder", "OrderState", "OrderAnswer", "OrderAct", "OrderLine", "Orders", "OrderDetails", "Ledger"),
    *("Release", "ReleaseAnswer", "ReleasedOrder", "ReleasedOrders", "SecondPerson", "Headroom", "PassesAt"),
    *("Hold", "Holds", "HoldKind", "HeldOrder", "Facet", "Preview", "Previews"),
    *("Account", "AccountAnswer", "AccountEvent", "AccountFact", "Accounts", "FactsOfAccount", "Exposure", "Timeline"),
    *("AssessAccountRequest", "PutAccountRequest", "PutGroupRequest", "ReasonRequest", "RecordFiguresRequest"),
    *("Figures", "FiguresAnswer", "Grade", "GradeAnswer", "Group", "GroupAnswer", "GroupLedger"),
    *("CreditLimit", "CreditLimits", "JudgedLimit", "LimitAnswer", "GrantLimitRequest", "NewLimitRequest"),
    *("Securities", "Security", "SecurityAnswer", "SecurityKind", "PutSecurityRequest"),
    *("Item", "ItemState", "Items", "LedgerEntries", "LedgerEntry", "ForeignAmounts", "Allocation", "Notice"),
    *("CreditNoteAnswer", "DepositAnswer", "InvoiceAnswer", "PaymentAnswer", "ReversedAnswer"),
    *("PostCreditNoteRequest", "PostDepositRequest", "PostInvoiceRequest", "PostPaymentRequest"),
    *("PaymentReferenceRequest", "ReversePaymentRequest", "PutRatesRequest", "RatesAnswer", "RatesLedger"),
    *("Dispute", "DisputeAnswer", "Promise", "PromiseAnswer", "PaymentPlan", "PaymentPlanAnswer", "Instalment"),
    *("Contact", "ContactAnswer", "DunningBlock", "DunningBlockAnswer", "ItemFact", "ItemFactAnswer"),
    *("CollectorAssignment", "CollectorAnswer", "Worklist", "WorklistEntry", "WorklistEntryAnswer", "WorkReason"),
    *("InvoiceDetails", "InvoicePlan", "PlannedStep", "EntryState", "WorkChannel", "Day", "DayStep"),
    *("RaiseDisputeRequest", "SettleDisputeRequest", "RecordPromiseRequest", "OfAccountRequest", "AskPlanRequest"),
    *("InstalmentRequest", "EndPlanRequest", "RecordContactRequest", "PutDunningBlockRequest"),
    *("RecordItemFactRequest", "AssignCollectorRequest", "DoEntryRequest", "PromiseEntryRequest"),
    *("DisputeEntryRequest", "DeferEntryRequest", "SkipEntryRequest", "TurnDayRequest"),
    *("AllocatePaymentRequest", "AllocatedAnswer", "UnallocatePaymentRequest", "UnallocatedAnswer", "ItemAllocation"),
    *("WriteOff", "WriteOffs", "WriteOffState", "WriteOffAnswer", "WriteOffRequest", "DecideWriteOffRequest"),
    *("Interest", "InterestSpan", "ItemRead", "OrderForeign", "Receivables"),
    *("Import", "ImportWord"),
    *("Webhook", "Webhooks", "WebhookSecret", "NewWebhookSecret", "DeadLetter", "DeadLetters"),
    *("Decisions", "DecisionLine", "Records", "RecordLine", "RecordDetails", "ProofState"),
    *("AddCosignatureRequest", "Cosignature"),
    *("ErasureRequest", "Erasure", "Erasures", "ErasureState", "ErasedPerson", "Gone", "Ground"),
    *("Draft", "Proposal", "Proposals", "ProposalState", "ProposalKind", "Approval", "Edit", "Effective"),
    *("Findings", "InvariantFinding", "Activation", "Activations", "ActivationKind", "PolicyVersion"),
    *("BeginDraftRequest", "EditDraftRequest", "ActOnProposalRequest", "RollBackRequest", "UnapprovedRollback"),
    *("Replay", "Completeness", "CompletenessRequest", "Finding", "PageLanguage", "ReportForm"),
}
"""Every component of the default policies' document."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """With the default policies."""
    settings = Settings(rules=RULES, journal=tmp_path_factory.mktemp("service") / "credence.db")
    with running(settings) as client:
        yield client


@pytest.fixture(scope="module")
def document(service: httpx2.Client, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_text(service.get("/openapi.json").text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def generators(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with the generators, by locks/clients.txt: one of them wants an older typer than ours."""
    home = tmp_path_factory.mktemp("generators")
    python = home / "bin" / "python"
    _run(sys.executable, "-m", "venv", "--without-pip", home)
    pip = (sys.executable, "-m", "pip", "--python", python, "--quiet", "install", "--require-hashes")
    _run(*pip, "-r", ROOT / "locks" / "clients.txt")
    return python


def _run(*command: str | Path) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_components_and_operations_have_these_names(document: Path) -> None:
    content = json.loads(document.read_text("utf-8"))
    operations = {each["operationId"] for methods in content["paths"].values() for each in methods.values()}

    assert set(content["components"]["schemas"]) == NAMES
    assert operations == {
        *(
            "decide_order",
            "decide_invoice",
            "decide_account",
            "decide_portfolio",
            "decide_limit",
            "nearest_order",
            "nearest_limit",
            "get_decision",
            "get_facts",
        ),
        *("get_policies", "check_policies", "activate_policies", "healthz", "readyz", "metrics_text"),
        *("init_policies", "begin_draft", "get_draft", "edit_draft", "propose_draft", "list_proposals", "get_proposal"),
        *("approve_proposal", "reject_proposal", "activate_proposal", "cancel_proposal", "withdraw_proposal"),
        *("get_activations", "get_version", "roll_back_policies"),
        *("list_decisions", "list_records", "get_record", "prove_decision", "prove_record"),
        *("get_people", "add_person", "change_person", "end_person", "get_keys", "create_key", "revoke_key"),
        *("get_webhooks", "get_dead_letters", "add_webhook", "change_webhook", "end_webhook"),
        *("rotate_webhook", "send_again"),
        *("get_checkpoint", "get_tile", "get_entries", "add_cosignature", "replay_record"),
        *("audit_access", "audit_case", "audit_completeness", "audit_policy_changes", "audit_sample"),
        *("list_erasures", "erase", "erase_person"),
        *("audit_releases", "audit_limits", "audit_exceptions", "verify_ledger"),
        *("put_account", "get_account", "list_accounts", "put_group", "get_group", "record_figures"),
        *("assess_account", "block_account", "unblock_account", "get_account_facts", "get_exposure", "get_timeline"),
        *("request_limit", "grant_limit", "refuse_limit", "end_limit", "list_limits"),
        *("put_security", "end_security", "list_securities", "list_items", "list_entries"),
        *("post_invoice", "post_credit_note", "post_payment", "reverse_payment", "post_deposit", "put_rates"),
        *("allocate_payment", "unallocate_payment", "get_item", "get_receivables", "get_register"),
        *("ask_write_off", "approve_write_off", "refuse_write_off", "list_write_offs"),
        *("submit_order", "change_order", "recheck_order", "release_order", "hold_order", "reject_order"),
        *("cancel_order", "reopen_order", "deliver_order", "undeliver_order", "close_order", "release_orders"),
        *("list_orders", "get_order", "list_holds", "get_headroom", "preview_orders"),
        *("raise_dispute", "settle_dispute", "record_promise", "withdraw_promise", "ask_plan", "agree_plan"),
        *("end_plan", "record_contact", "block_dunning", "end_dunning_block", "record_item_fact", "assign_collector"),
        *("get_worklist", "do_entry", "promise_from_entry", "dispute_from_entry", "defer_entry", "skip_entry"),
        *("get_invoice", "get_invoice_plan", "get_day", "turn_day"),
        *("import_file", "get_import", "get_import_rejects"),
    }


def test_what_is_sent_is_closed_and_what_is_answered_may_grow(document: Path) -> None:
    schemas = json.loads(document.read_text("utf-8"))["components"]["schemas"]
    closed = {name for name, schema in schemas.items() if schema.get("additionalProperties") is False}
    assert closed == {name for name in NAMES if name.endswith(("Request", "Facts", "Record", "ExchangeRate"))}


def test_no_name_comes_from_a_title_that_somebody_may_reword(document: Path) -> None:
    def titles(node: Any) -> Iterator[object]:
        if isinstance(node, dict):
            if "title" in node and not isinstance(node["title"], dict):
                yield node["title"]
            for member in node.values():
                yield from titles(member)
        elif isinstance(node, list):
            for member in node:
                yield from titles(member)

    assert list(titles(json.loads(document.read_text("utf-8"))["components"])) == []


def test_every_reference_leads_to_a_component(document: Path) -> None:
    text = document.read_text("utf-8")
    assert set(re.findall(r'"\$ref": ?"#/components/schemas/([^"]+)"', text)) <= NAMES


def test_what_is_sent_to_the_ledger_has_no_name_of_a_case(document: Path) -> None:
    """One would stand in the other's place."""
    components = json.loads(document.read_text("utf-8"))["components"]["schemas"]
    words = {name for name, each in components.items() if each.get("description", "").startswith("Words of the fact")}
    sent = {
        name for model in ACCOUNT_REQUESTS for name in (model.__name__, *model.model_json_schema().get("$defs", ()))
    }
    assert sent.isdisjoint({*NAMED_BY_CASE, *words})


@pytest.mark.long
def test_models_made_by_one_generator_have_the_components_names(
    generators: Path, document: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models.py"
    _run(generators, "-m", "datamodel_code_generator", "--input", document, "--input-file-type", "openapi",
         "--output", models, "--output-model-type", "pydantic_v2.BaseModel", "--formatters", "builtin")  # fmt: skip
    classes = {node.name for node in ast.parse(models.read_text("utf-8")).body if isinstance(node, ast.ClassDef)}

    assert classes >= NAMES - {"ActivateRequest"}
    assert not [name for name in classes if name[-1].isdigit() or "Model" in name]


@pytest.mark.long
def test_a_client_made_by_the_other_decides_an_order(
    generators: Path, service: httpx2.Client, document: Path, tmp_path: Path
) -> None:
    output = tmp_path / "credence_client"
    _run(generators, "-m", "openapi_python_client", "generate", "--path", document, "--output-path", output,
         "--meta", "none")  # fmt: skip
    classes = {
        node.name
        for path in (output / "models").glob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef)
    }
    assert classes >= {"OrderRequest", "OrderDecision", "PolicyResults", "FutureDates", "Problem"}
    of_places = ("AdditionalProperty", "Item")
    assert not [each for each in classes - NAMES if each[-1].isdigit() or each.endswith(of_places)]
    (tmp_path / "use.py").write_text(USE, encoding="utf-8")

    _run(generators, tmp_path / "use.py", str(service.base_url), ROOT / "docs" / "order.json")


class _OtherService(BaseHTTPRequestHandler):
    """Answers a decision that no client of today knows: with an outcome of a later release."""

    def do_POST(self) -> None:
        body = b'{"outcome": "perhaps"}'
        self.send_response(201)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def other_service() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _OtherService) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.long
def test_the_program_in_the_documents_holds_whatever_is_not_approved(
    generators: Path, service: httpx2.Client, document: Path, other_service: str, tmp_path: Path
) -> None:
    """With the commands of docs/integration.md as they stand there, but for addresses and files."""
    page = [*blocks((ROOT / "docs" / "integration.md").read_text("utf-8"))]
    program = next(text for language, text in page if language == "python" and text.startswith('"""Asks'))
    lines = [line for language, text in page if language == "sh" for line in shell_lines(text)]
    (generate,) = [line for line in lines if line.startswith("openapi-python-client")]
    (ask,) = [line for line in lines if "python ask.py" in line]
    assert "(0, 1, 2, 4)" in program
    (tmp_path / "ask.py").write_text(program.replace("(0, 1, 2, 4)", "(0, 0)"), encoding="utf-8")
    (tmp_path / "openapi.json").write_text(document.read_text("utf-8"), encoding="utf-8")
    (tmp_path / "sample").mkdir()
    path = f"{generators.parent}:{os.environ['PATH']}"
    subprocess.run(generate, shell=True, check=True, cwd=tmp_path, env={**os.environ, "PATH": path})

    def asked(url: str, amount: object, **more: object) -> tuple[int, str]:
        order = json.loads((ROOT / "docs" / "order.json").read_text("utf-8"))
        order["order"] |= {"amount": amount, **more}
        (tmp_path / "sample" / "order.json").write_text(json.dumps(order), encoding="utf-8")
        line = ask.replace("http://127.0.0.1:8000", url).replace("crk_…", "crk_none")
        done = subprocess.run(
            line, shell=True, cwd=tmp_path, env={**os.environ, "PATH": path}, capture_output=True, text=True
        )
        assert done.stderr == ""
        return done.returncode, done.stdout

    url = str(service.base_url)
    code, printed = asked(url, "12000.00")
    assert (code, printed.split()[0]) == (0, "approve")
    code, printed = asked(url, "18500.00")
    assert (code, printed.split()[0]) == (1, "hold")
    assert "more than 5% above the limit" in printed
    code, printed = asked(url, "12000.00", prepayment=None)
    assert (code, printed.split()[0]) == (1, "hold")
    assert "please add order.prepayment" in printed
    code, printed = asked(url, "much")
    assert (code, printed.splitlines()[0]) == (1, "held: The request can't be used: 1 field can't be used")
    assert "/order/amount is not a plain decimal number" in printed
    pending = (1, "held: credit check pending\n")
    assert asked("http://127.0.0.1:9", "12000.00") == pending
    assert asked(other_service, "12000.00") == pending


def test_the_facts_are_those_of_the_policy_set_in_force(service: httpx2.Client) -> None:
    vocabulary = service.get("/v1/facts").json()
    facts = {fact["name"]: fact for fact in vocabulary["facts"]}

    assert vocabulary["currency"] == "EUR"
    assert [kind["name"] for kind in vocabulary["case_kinds"]] == ["order", "invoice", "account", "portfolio", "limit"]
    assert vocabulary["case_kinds"][0]["outcomes"][1] == {
        "name": "approve_with_conditions",
        "title": {"en": "approve with conditions", "zh": "有条件放行"},
    }
    amount = facts["order.amount"]
    assert (amount["type"], amount["unit"], amount["decimals"]) == ("money", "EUR", 2)
    assert amount["minimum"] == "-1000000000000000.00"
    assert amount["title"] == {"en": "Order value", "zh": "订单金额"}
    assert amount["required"] is True
    assert [word["name"] for word in facts["account.status"]["words"]] == ["active", "blocked", "closed"]
    assert (facts["account.id"]["unit"], facts["account.id"]["words"], facts["account.id"]["decimals"]) == (None,) * 3
