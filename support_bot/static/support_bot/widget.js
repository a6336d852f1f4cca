/*
 * The chat widget. It fills the templates of support_bot/widget.html, which hold every text, and talks to
 * the support API. It lives in a shadow root, so that neither the page's styles nor its own leak, and sets text
 * as text: HTML from the server is rebuilt from the tags and attributes named below, nothing else.
 */

const LIMIT = 2000; // characters of a message, as the API counts them
const TIMEOUT = 30_000; // milliseconds that an answer may take before it counts as lost
const PAUSE = 1_500; // before a lost message is sent once more
const KEEP = 24 * 3600_000; // an idle conversation is forgotten, one that waits for a person later
const KEEP_WAITING = 7 * KEEP;
const TAGS = new Set(
  "A B BLOCKQUOTE BR CODE DEL EM H1 H2 H3 H4 H5 H6 HR I LI OL P PRE STRONG TABLE TBODY TD TH THEAD TR UL".split(" "),
);
const DROPPED = new Set("SCRIPT STYLE TEMPLATE IFRAME OBJECT EMBED SVG MATH NOSCRIPT TITLE".split(" "));

/** What the server refused: `status`, `code` and `detail` of its answer, and the seconds it asks to wait. */
class Refused extends Error {
  constructor(response, body) {
    super(body.detail ?? response.statusText);
    this.status = response.status;
    this.code = body.code;
    this.wait = seconds(response, 10);
    const fields = Object.values(body.errors ?? {}).flat();
    this.detail = fields.map((error) => error.message).join(" ") || body.detail || "";
  }
}

function seconds(response, otherwise) {
  const value = Number.parseInt(response.headers.get("Retry-After"), 10);
  return Number.isFinite(value) && value > 0 ? value : otherwise;
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** A random UUID, also on a page without HTTPS, where `crypto.randomUUID` does not exist. */
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The conversation that this browser has, kept over page changes where the browser allows it. */
class Memory {
  constructor(key) {
    this.key = key;
    this.value = this.#stored() ?? {};
  }

  update(change) {
    this.value = { ...this.value, ...change, at: Date.now() };
    this.#write("localStorage", JSON.stringify(this.value));
  }

  forget() {
    this.value = {};
    this.#write("localStorage", null);
  }

  /** Another tab has changed it. */
  reload() {
    this.value = this.#stored() ?? this.value;
  }

  get open() {
    return this.#read("sessionStorage") === "open";
  }

  set open(open) {
    this.#write("sessionStorage", open ? "open" : null);
  }

  #stored() {
    try {
      const value = JSON.parse(this.#read("localStorage") ?? "null");
      const age = Date.now() - value.at;
      return age < (value.state === "bot" ? KEEP : KEEP_WAITING) ? value : null;
    } catch {
      return null; // nothing kept, or not by us
    }
  }

  #read(storage) {
    try {
      return window[storage].getItem(this.key);
    } catch {
      return null; // storage is blocked: the conversation lasts as long as the page
    }
  }

  #write(storage, text) {
    try {
      if (text === null) window[storage].removeItem(this.key);
      else window[storage].setItem(this.key, text);
    } catch {
      // as above
    }
  }
}

/** The support API for one conversation. */
class Api {
  constructor(address, memory) {
    this.address = address;
    this.memory = memory;
    this.session = null;
  }

  /** Ask who is asking, and for the CSRF value of a browser that is logged in. */
  async greet() {
    this.session = await this.#fetch("GET", "session/");
    return this.session;
  }

  /** One call; a CSRF value that is no longer good (a login meanwhile) is asked for again. */
  async call(method, path, body) {
    if (!this.session) await this.greet();
    try {
      return await this.#fetch(method, path, body);
    } catch (error) {
      if (error.code !== "permission_denied" || method === "GET") throw error;
      await this.greet();
      return this.#fetch(method, path, body);
    }
  }

  /** A call that may safely come twice: when it, or its answer, is lost it is sent once more. */
  async deliver(method, path, body) {
    try {
      return await this.call(method, path, body);
    } catch (error) {
      if (error instanceof Refused && error.status < 500) throw error;
      await pause(PAUSE);
      return this.call(method, path, body);
    }
  }

  async #fetch(method, path, body) {
    const headers = { Accept: "application/json" };
    if (this.memory.value.token) headers["X-Conversation-Token"] = this.memory.value.token;
    if (method !== "GET" && this.session) headers[this.session.csrf_header] = this.session.csrf_token;
    if (body) headers["Content-Type"] = "application/json";
    const response = await fetch(this.address + path, {
      method,
      headers,
      body: body && JSON.stringify(body),
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Refused(response, answer);
    return Object.assign(answer, { wait: seconds(response, 20) });
  }
}

/** An address that a link or a picture may have, or null: web pages, e-mail and telephone only. */
function safe(address, schemes = ["http:", "https:", "mailto:", "tel:"]) {
  try {
    return schemes.includes(new URL(address, document.baseURI).protocol) ? address : null;
  } catch {
    return null;
  }
}

function link(address, ...content) {
  const anchor = document.createElement("a");
  anchor.href = address;
  if (new URL(anchor.href).origin !== location.origin) {
    anchor.target = "_blank";
    anchor.rel = "noopener noreferrer nofollow";
  }
  anchor.append(...content);
  return anchor;
}

/** The server's HTML, rebuilt from the allowed tags; where HTML may not be parsed at all, the plain text. */
function rebuilt(html, text) {
  let body;
  try {
    ({ body } = new DOMParser().parseFromString(html, "text/html"));
  } catch {
    return [text]; // a page that enforces Trusted Types
  }
  const copy = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return [node.data];
    if (node.nodeType !== Node.ELEMENT_NODE || DROPPED.has(node.nodeName.toUpperCase())) return [];
    const content = [...node.childNodes].flatMap(copy);
    if (!TAGS.has(node.nodeName)) return content;
    if (node.nodeName === "A") {
      const address = safe(node.getAttribute("href") ?? "");
      return address === null ? content : [link(address, ...content)];
    }
    const element = document.createElement(node.nodeName);
    element.append(...content);
    return [element];
  };
  return [...body.childNodes].flatMap(copy);
}

/** Clones the page's templates and finds the parts in them. */
class Parts {
  constructor(root) {
    this.templates = Object.fromEntries(
      [...root.querySelectorAll("template")].map((template) => [template.dataset.name, template.content]),
    );
  }

  clone(name) {
    return document.importNode(this.templates[name], true).firstElementChild;
  }

  text(name, values = {}) {
    const found = this.templates.texts.querySelector(`[data-text="${name}"]`)?.textContent ?? "";
    return found.replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
  }
}

const part = (element, name) => element.querySelector(`[data-part="${name}"]`);

/** The conversation as it is shown: a list of messages, each once. */
class Transcript {
  constructor(parts, panel, act) {
    this.parts = parts;
    this.act = act; // {send(text, confirm), vote(id, helpful)}
    this.log = part(panel, "log");
    this.list = part(panel, "messages");
    this.typing = part(panel, "typing");
    this.last = 0;
  }

  clear() {
    this.list.replaceChildren();
    this.last = 0;
  }

  /** A message of the customer that is on its way; `settle` says what became of it. */
  sending(text, client) {
    const item = this.#item({ author: "customer", text, created_at: new Date().toISOString() });
    item.dataset.client = client;
    part(item, "status").textContent = this.parts.text("sending");
    return item;
  }

  settle(item, id) {
    item.dataset.id = id;
    this.last = Math.max(this.last, id);
    part(item, "status").textContent = "";
    item.classList.remove("concierge-support-unsent");
  }

  unsent(item, again) {
    item.classList.add("concierge-support-unsent");
    const button = this.parts.clone("again");
    button.addEventListener("click", () => {
      part(item, "status").textContent = this.parts.text("sending");
      again();
    });
    part(item, "status").replaceChildren(this.parts.text("unsent"), " ", button);
  }

  /** A stored message, in the shape of the history; one that is shown already is left as it is. */
  show(message) {
    if (message.id && this.#known(message)) return null;
    this.last = Math.max(this.last, message.id ?? 0);
    return this.#item(message);
  }

  /** Bring the beginning of a message into sight, or the end of the conversation. */
  scroll(item) {
    const top = item ? item.offsetTop - 12 : Infinity;
    this.log.scrollTop = Math.min(top, this.log.scrollHeight);
  }

  #known({ id, client_id: client }) {
    const known = [...this.list.children].find(
      (item) => item.dataset.id === String(id) || (client && item.dataset.client === client),
    );
    if (known && !known.dataset.id) this.settle(known, id);
    return known;
  }

  #item(message) {
    const { author, reply } = message;
    const item = this.parts.clone(author);
    if (message.id) item.dataset.id = message.id;
    const body = part(item, "body");
    if (author === "customer" || !message.html) {
      body.textContent = message.text;
      body.classList.add("concierge-support-plain");
    } else body.append(...rebuilt(message.html, message.text));
    this.#stamp(part(item, "time"), message.created_at);
    this.#retire();
    if (author === "bot" && reply) this.#dress(item, message);
    this.list.append(item);
    this.scroll(item);
    return item;
  }

  /** Choices belong to the last reply alone; the others are history. */
  #retire() {
    for (const choices of this.list.querySelectorAll(".concierge-support-choices")) choices.remove();
  }

  #stamp(time, created) {
    const at = new Date(created);
    if (Number.isNaN(at.getTime())) return;
    const language = document.documentElement.lang || undefined;
    const today = at.toDateString() === new Date().toDateString();
    time.dateTime = at.toISOString();
    time.title = at.toLocaleString(language);
    time.textContent = at.toLocaleString(
      language,
      today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" },
    );
  }

  /** What a reply has beside its text. */
  #dress(item, { id, reply, feedback }) {
    const { kind, cards = [], citations = [], suggestions = [], confirm } = reply;
    const sources = citations.filter(({ url }) => url && safe(url) !== null);
    part(item, "extras").append(...cards.map((card) => this.#card(card)));
    if (sources.length) part(item, "extras").append(this.#sources(sources));
    const answers = kind === "answer" || (kind === "action" && !confirm && !suggestions.length);
    if (id && answers) item.querySelector(".concierge-support-meta").append(this.#feedback(id, feedback));
    if (confirm || suggestions.length) part(item, "choices").append(this.#choices(suggestions, confirm));
  }

  #card({ title, url, image, fields }) {
    const card = this.parts.clone("card");
    const picture = part(card, "picture");
    if (image && safe(image, ["http:", "https:"]) !== null) picture.src = image;
    else picture.remove();
    part(card, "title").append(url && safe(url) !== null ? link(url, title) : title);
    for (const { label, value } of fields ?? []) {
      const [term, text] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = label;
      text.textContent = value;
      part(card, "fields").append(term, text);
    }
    return card;
  }

  #sources(citations) {
    const sources = this.parts.clone("sources");
    const links = citations.flatMap(({ url, question }) => [link(url, question), ", "]).slice(0, -1);
    part(sources, "links").append(...links);
    return sources;
  }

  /** Quick replies; before them the yes to a change, which always has a no beside it. */
  #choices(suggestions, confirm) {
    const choices = this.parts.clone("choices");
    const add = (name, label, text, token) => {
      const choice = this.parts.clone(name);
      choice.textContent = label;
      choice.addEventListener("click", () => this.act.send(text, token));
      choices.append(choice);
    };
    if (confirm) add("yes", confirm.label, confirm.label, confirm.token);
    for (const { label, text } of suggestions) add("choice", label, text);
    const no = this.parts.text("no");
    if (confirm && !suggestions.length) add("choice", no, no);
    return choices;
  }

  #feedback(id, given) {
    const group = this.parts.clone("feedback");
    const buttons = { true: part(group, "up"), false: part(group, "down") };
    const mark = (helpful) => {
      for (const [value, button] of Object.entries(buttons)) {
        button.setAttribute("aria-pressed", String(value === String(helpful)));
      }
    };
    if (given) mark(given.helpful);
    for (const helpful of [true, false]) {
      buttons[helpful].addEventListener("click", async () => {
        if (!(await this.act.vote(id, helpful))) return;
        mark(helpful);
        part(group, "thanks").textContent = this.parts.text(helpful ? "thanks" : "sorry");
      });
    }
    return group;
  }
}

/** The button, the panel, and what goes on between them and the API. */
class Widget {
  constructor(host) {
    this.parts = new Parts(host);
    this.memory = new Memory(`concierge-support ${host.dataset.api}`);
    this.api = new Api(host.dataset.api, this.memory);
    this.queue = Promise.resolve(); // one thing at a time: messages are answered, and shown, in their order
    this.#build(host);
    this.transcript = new Transcript(this.parts, this.panel, {
      send: (text, confirm) => this.send(text, confirm),
      vote: (id, helpful) => this.#vote(id, helpful),
    });
    this.#listen();
    if (this.memory.open && !this.#isSheet()) this.open({ focus: false });
    else if (this.#isWaiting()) this.#later(1);
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  open({ focus = true } = {}) {
    this.panel.hidden = false;
    this.panel.setAttribute("aria-modal", String(this.#isSheet())); // a sheet covers the page
    this.launcher.hidden = true;
    this.launcher.setAttribute("aria-expanded", "true");
    this.unread.hidden = true;
    this.memory.open = true;
    if (focus) this.#focus();
    this.transcript.scroll();
    this.#do(() => this.#resume());
  }

  close() {
    this.panel.hidden = true;
    this.launcher.hidden = false;
    this.launcher.setAttribute("aria-expanded", "false");
    this.memory.open = false;
    this.launcher.focus({ preventScroll: true });
  }

  /** Show the customer's message at once and send it when its turn comes. */
  send(text, confirm) {
    const message = { text, id: uuid(), ...(confirm && { confirm }) };
    const item = this.transcript.sending(text, message.id);
    this.#focus();
    this.#do(() => this.#deliver(message, item));
  }

  #build(host) {
    const shadow = host.attachShadow({ mode: "open" });
    const style = document.createElement("link");
    const shell = document.createElement("div");
    style.rel = "stylesheet";
    style.href = host.dataset.stylesheet;
    shell.hidden = true; // until the stylesheet is there
    style.onload = style.onerror = () => {
      shell.hidden = false;
      if (this.isOpen) this.transcript.scroll();
    };
    shell.append(document.importNode(this.parts.templates.widget, true));
    shadow.append(style, shell);
    for (const name of "launcher unread panel state restart trouble form text counter person news".split(" ")) {
      this[name] = part(shell, name);
    }
  }

  #listen() {
    this.launcher.addEventListener("click", () => this.open());
    part(this.panel, "close").addEventListener("click", () => this.close());
    this.panel.addEventListener("keydown", (event) => this.#key(event));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.text.addEventListener("input", () => this.#fit());
    this.restart.addEventListener("click", () => this.#do(() => this.#startOver()));
    this.person.addEventListener("click", () => this.#do(() => this.#askForPerson()));
    // A full-width sheet would cover the page that the customer goes to.
    this.panel.addEventListener("click", (event) => {
      if (event.target.closest("a") && this.#isSheet()) this.memory.open = false;
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && (this.isOpen || this.#isWaiting())) this.#later(0.1);
    });
    window.addEventListener("storage", (event) => {
      if (event.key === this.memory.key) this.#follow();
    });
    const fit = () => this.panel.style.setProperty("--concierge-support-height", `${visualViewport.height}px`);
    window.visualViewport?.addEventListener("resize", fit);
  }

  #key(event) {
    const composing = event.isComposing || event.keyCode === 229; // Enter picks a Chinese character
    if (event.key === "Escape" && !composing) {
      event.stopPropagation();
      this.close();
    } else if (event.key === "Enter" && event.target === this.text && !event.shiftKey && !composing) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "Tab" && this.#isSheet()) {
      this.#stay(event);
    }
  }

  /** Another tab began another conversation: be in that one. */
  #follow() {
    const { id } = this.memory.value;
    this.memory.reload();
    if (this.memory.value.id === id) return;
    this.transcript.clear();
    if (this.isOpen) this.#do(() => this.#resume());
  }

  /** The focus goes where one writes; a touch screen's keyboard comes up only when the field is touched. */
  #focus() {
    const touch = matchMedia("(pointer: coarse)").matches && this.panel.getRootNode().activeElement !== this.text;
    (touch ? this.panel : this.text).focus({ preventScroll: true });
  }

  /** On a phone the sheet covers the page: Tab must not lead behind it. */
  #stay(event) {
    const stops = [...this.panel.querySelectorAll("a[href], button, textarea, [tabindex='0']")].filter(
      (element) => element.offsetParent,
    );
    const [from, to] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    if (event.target !== from) return;
    event.preventDefault();
    to.focus();
  }

  #submit() {
    const text = this.text.value.trim();
    if (!text) return;
    const count = [...text].length;
    if (count > LIMIT) {
      this.#trouble(this.parts.text("long", { count }));
      return;
    }
    this.text.value = "";
    this.#fit();
    this.send(text);
  }

  #fit() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, 140)}px`;
    const count = [...this.text.value.trim()].length;
    this.counter.hidden = count < LIMIT * 0.9;
    this.counter.textContent = this.counter.hidden ? "" : this.parts.text("long", { count });
    this.text.setAttribute("aria-invalid", String(count > LIMIT));
  }

  #isSheet() {
    return matchMedia("(max-width: 480px)").matches;
  }

  #isWaiting() {
    return ["waiting", "person"].includes(this.memory.value.state);
  }

  /** Do one thing after the other; what fails is said in words. */
  #do(task) {
    this.queue = this.queue.then(async () => {
      this.#trouble("");
      try {
        await task();
      } catch (error) {
        this.#trouble(this.#reason(error));
      } finally {
        this.transcript.typing.hidden = true;
      }
    });
  }

  #reason(error) {
    if (!(error instanceof Refused)) return this.parts.text(navigator.onLine ? "unavailable" : "offline");
    if (error.status === 429) return this.parts.text("busy", { seconds: error.wait });
    return error.status < 500 && error.detail ? error.detail : this.parts.text("unavailable");
  }

  #trouble(text) {
    this.trouble.textContent = text;
    this.trouble.hidden = !text;
  }

  /** Be in the conversation that this browser had, or in a new one; show what has been said since. */
  async #resume() {
    const { logged_in: loggedIn, conversation, token } = await this.api.greet();
    // Somebody has logged out here: what was said stays with its owner.
    if (this.memory.value.owned && !loggedIn) this.#forget();
    // The support page, or another tab, has begun another conversation in this browser: be in that one.
    if (conversation && conversation !== this.memory.value.id) {
      const { pending = null } = this.memory.value;
      this.#forget();
      this.memory.update({ id: conversation, token, pending, state: "bot" });
    }
    if (!this.memory.value.id) return this.#begin();
    if (loggedIn) this.memory.update({ owned: true, token: null }); // its owner needs none
    try {
      const { pending } = this.memory.value;
      if (pending) await this.#resend(pending);
      await this.#news();
      // One that the support page began and nobody has written in: the greeting is missing here.
      if (!this.transcript.list.children.length) await this.#begin();
    } catch (error) {
      if (!this.#isGone(error)) throw error;
      await this.#renew();
    }
    return undefined;
  }

  async #begin() {
    const language = document.documentElement.lang.toLowerCase();
    const opened = await this.api.call("POST", "conversations/", language ? { language } : {}).catch((error) => {
      if (error.status !== 400) throw error;
      return this.api.call("POST", "conversations/", {}); // a language that the shop does not speak
    });
    const { id, token, greeting, suggestions } = opened;
    const [began, owned] = [new Date().toISOString(), this.api.session.logged_in];
    this.memory.update({ id, token, greeting, suggestions, began, owned, state: "bot", pending: null });
    this.#state("bot");
    this.#greet();
  }

  /** The greeting is no message of the history: it is kept here. */
  #greet() {
    const { greeting: text, suggestions, began: created_at } = this.memory.value;
    if (!text || this.transcript.list.children.length) return;
    this.transcript.show({ author: "bot", text, created_at, reply: { kind: "small_talk", suggestions } });
  }

  #forget() {
    this.memory.forget();
    this.transcript.clear();
  }

  #isGone(error) {
    return error instanceof Refused && [404, 409].includes(error.status);
  }

  async #renew() {
    this.#forget();
    await this.#begin();
    this.#trouble(this.parts.text("renewed"));
  }

  async #startOver() {
    this.#forget();
    this.#focus();
    await this.#begin();
  }

  #path(rest) {
    return `conversations/${this.memory.value.id}/${rest}`;
  }

  async #deliver(message, item) {
    try {
      if (!this.memory.value.id) await this.#begin();
      this.memory.update({ pending: message });
      this.transcript.typing.hidden = this.#isWaiting();
      this.transcript.scroll();
      await this.#post(message, item);
    } catch (error) {
      if (this.#isGone(error) && !message.confirm) {
        await this.#renew();
        this.transcript.list.append(item);
        this.memory.update({ pending: message });
        await this.#post(message, item);
        return;
      }
      this.memory.update({ pending: null });
      this.transcript.unsent(item, () => {
        this.#focus(); // the button is gone
        this.#do(() => this.#deliver(message, item));
      });
      throw error;
    }
  }

  async #post(message, item) {
    const { id, state, reply } = await this.api.deliver("POST", this.#path("messages/"), message);
    this.memory.update({ pending: null });
    this.transcript.settle(item, id);
    this.transcript.typing.hidden = true;
    this.#state(state);
    if (reply) this.#reply(reply);
  }

  /** A message that was on its way when the page was left: the same id again is never a second message. */
  async #resend(message) {
    try {
      await this.api.deliver("POST", this.#path("messages/"), message);
    } finally {
      this.memory.update({ pending: null });
    }
  }

  #reply(reply) {
    const created_at = new Date().toISOString();
    this.transcript.show({ ...reply, author: reply.kind === "person" ? "person" : "bot", reply, created_at });
  }

  /** What has been said since the last message shown here. */
  async #news() {
    const first = !this.transcript.last;
    const { log } = this.transcript;
    if (first) log.setAttribute("aria-live", "off"); // history is no news
    if (first) this.#greet();
    let answer;
    do {
      answer = await this.api.call("GET", this.#path(`messages/?after=${this.transcript.last}`));
      const shown = answer.messages.filter((message) => this.transcript.show(message));
      const { seen = 0 } = this.memory.value;
      if (shown.some(({ author, id }) => author === "person" && id > seen)) this.#announce();
      if (this.isOpen) this.memory.update({ seen: this.transcript.last });
    } while (answer.more && answer.messages.length);
    if (first) setTimeout(() => log.removeAttribute("aria-live"), 500);
    if (first) this.transcript.scroll();
    this.#state(answer.state);
    if (this.#isWaiting()) this.#later(answer.wait);
  }

  /** Look for news in some seconds; after a failure less and less often. */
  #later(wait) {
    clearTimeout(this.timer);
    const least = document.hidden ? 30 : this.isOpen ? 0 : 10; // nobody is looking
    this.timer = setTimeout(() => {
      this.queue = this.queue.then(async () => {
        if (!this.memory.value.id) return;
        try {
          if (!this.transcript.last) await this.#resume();
          else await this.#news();
        } catch {
          if (this.#isWaiting()) this.#later(Math.min(Math.max(wait, 5) * 2, 60));
        }
      });
    }, Math.max(wait, least) * 1000);
  }

  #announce() {
    if (this.isOpen) return; // the log is heard itself
    this.unread.hidden = false;
    this.news.textContent = ""; // the same words twice are heard once
    setTimeout(() => (this.news.textContent = this.parts.text("news")), 100);
  }

  #state(state) {
    this.memory.update({ state });
    const words = this.parts.text(state);
    if (this.state.textContent !== words) this.state.textContent = words; // it is read out when it changes
    this.panel.dataset.state = state;
    this.person.hidden = this.#isWaiting();
    if (this.#isWaiting()) this.#later(3);
  }

  async #askForPerson() {
    if (!this.memory.value.id) await this.#begin();
    const { state, reply } = await this.api.deliver("POST", this.#path("hand-over/"), {});
    this.#state(state);
    if (reply) this.#reply(reply);
    this.#focus();
  }

  async #vote(id, helpful) {
    try {
      await this.api.deliver("POST", `messages/${id}/feedback/`, { helpful });
      return true;
    } catch (error) {
      this.#trouble(this.#reason(error));
      return false;
    }
  }
}

for (const host of document.querySelectorAll(".concierge-support[data-api]:not([data-api=''])")) new Widget(host);
