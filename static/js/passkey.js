// Passkeys: hands what the server asks to the browser, by allauth's own script, and says so when that fails.
// Without this file the button stays hidden, and the page asks for a code.
"use strict";

const part = document.querySelector("[data-passkey]");
const credential = part && part.querySelector("input[name$=credential]");

if (part && window.PublicKeyCredential && window.allauth) {
  const button = part.querySelector("[data-button]");
  const ids = { add: button.id, authenticate: button.id, credential: credential.id, data: "passkey-data" };
  window.allauth.webauthn.forms[part.dataset.passkey]({ ids });
  // Enter in the field for a name asks the browser too; allauth's script itself sends the form without this event.
  part.addEventListener("submit", (event) => {
    event.preventDefault();
    button.click();
  });
  part.querySelector("[data-ready]").hidden = false;
  part.querySelector("[data-unready]").hidden = true;
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    part.querySelector("[data-failed]").hidden = false;
  });
}
