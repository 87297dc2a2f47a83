// orgkit's extension of JupyterLab, written by hand and loaded as it stands: no build, no Node.
//
// JupyterLab loads this file as a container of a federated extension: it calls init() with the modules that it shares
// and get() for the module that package.json names. Nothing here calls AWS or decides anything: it runs cells of the
// notebook that a person is looking at, exactly as the Run menu does, and shows where that notebook stands.
'use strict';

(() => {
  const STYLE = document.currentScript.src.replace(/[^/]*$/, 'style.css');
  const ACTIVE = 'orgkit-extension'; // on <body>: what replaces the extension is hidden, what needs it is shown
  const UPDATE_MS = 120; // between a change of the page and the banner that follows it
  const SCROLL_MS = 350; // JupyterLab itself scrolls to the cell that has stopped; the form is shown after that
  const QUEUED = '[*]:';
  let sharedModules = null;

  /** The module as JupyterLab loaded it: tokens are compared by identity, so a copy would match nothing. */
  async function load(name) {
    const versions = Object.values(sharedModules[name]);
    const version = versions.find(each => each.loaded || each.eager) || versions[versions.length - 1];
    return (await version.get())();
  }

  function element(tag, className, text) {
    const node = document.createElement(tag);
    node.className = className;
    if (text !== undefined) {
      node.textContent = text; // never HTML: names come from AWS and from files
    }
    return node;
  }

  const visible = node => Boolean(node) && node.getClientRects().length > 0;

  /**
   * One save after the other. JupyterLab starts a second one while the first is under way (autosave, Ctrl-S, and ours),
   * and then takes its own file for one that somebody else has changed, and asks.
   */
  function saveInTurn(context) {
    const save = context.save.bind(context);
    let last = Promise.resolve();
    context.save = () => {
      last = last.catch(() => undefined).then(save);
      return last;
    };
  }

  // ---- One notebook ------------------------------------------------------------------------------------------------

  class Guide {
    constructor(app, panel, facts, { Widget, NotebookActions }) {
      Object.assign(this, { app, panel, facts, actions: NotebookActions, timer: 0, key: '', formIsDue: false });
      panel.node.classList.add('orgkit-guided');
      saveInTurn(panel.context);
      panel.toolbar.hide(); // its buttons edit cells; they come back with the code
      this.banner = new Widget();
      this.banner.addClass('orgkit-banner');
      panel.contentHeader.addWidget(this.banner);
      this.observer = new MutationObserver(() => this.schedule());
      this.observer.observe(panel.content.node, { childList: true, subtree: true });
      this.sizes = new ResizeObserver(() => this.fit());
      this.sizes.observe(panel.node);
      panel.sessionContext.statusChanged.connect(() => this.schedule());
      panel.disposed.connect(() => {
        this.observer.disconnect();
        this.sizes.disconnect();
      });
      this.update();
    }

    // -- What the page shows

    find(selector) {
      return [...this.panel.content.node.querySelectorAll(selector)].find(visible);
    }

    get running() {
      const prompts = [...this.panel.content.node.querySelectorAll('.jp-InputPrompt')];
      return prompts.some(prompt => prompt.textContent.trim() === QUEUED);
    }

    get begun() {
      return this.panel.content.widgets.some(cell => cell.model.type === 'code' && cell.model.executionCount);
    }

    get failed() {
      return this.panel.content.widgets.some(cell => {
        const outputs = cell.model.type === 'code' ? cell.model.outputs : { length: 0 };
        return Array.from({ length: outputs.length }, (_, place) => outputs.get(place).type).includes('error');
      });
    }

    /** One word for where the runbook stands, read off its outputs. */
    get state() {
      if (this.facts.page === 'start') {
        const form = this.find('.orgkit-file-first') ? (this.find('.widget-text') ? 'filling' : 'file') : 'start';
        return this.running ? 'reading' : form;
      }
      if (this.running) {
        return 'running';
      }
      if (this.find('.orgkit-done')) {
        return 'done';
      }
      const failed = this.failed;
      if (this.find('.orgkit-apply')) {
        return !failed ? 'approved' : this.find('.orgkit-apply-again') ? 'again' : 'stopped';
      }
      if (failed) {
        return 'stopped';
      }
      if (this.find('.orgkit-form')) {
        return 'asking';
      }
      if (this.find('.orgkit-rejected')) {
        return 'rejected';
      }
      if (this.find('.orgkit-pause')) {
        return 'waiting';
      }
      return this.begun ? 'partly' : 'new';
    }

    schedule() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.update(), UPDATE_MS);
    }

    // -- The banner

    /** What comes next: a sentence, and the button that does it. */
    get next() {
      const plan = this.facts.changes ? 'Read AWS and plan' : 'Run this phase';
      const following = this.find('.orgkit-done a');
      const progress = this.find('.orgkit-progress');
      return {
        start: [this.find('a.orgkit-open') ? 'Next: open the phase below.' : 'No phase is left to open.', 'Read AWS again', () => this.readAgain()],
        file: ['Next: the parameters file, which the form writes.', 'Fill in the form', () => this.fillForm()],
        filling: ['Next: fill in the form and save the file, then read AWS.', 'Read AWS', () => this.readAgain()],
        reading: ['Reading AWS…'],
        new: [this.facts.changes ? 'Next: read AWS and plan; nothing is changed.' : 'Next: run it; it changes nothing.', plan,
          () => this.runAll()],
        running: [progress ? progress.textContent : 'Working…'],
        asking: ['Next: read the plan, then approve or reject it in the form.', 'Go to the approval',
          () => this.show('.orgkit-form', 'center')],
        approved: ['Next: apply the approved plan.', 'Apply', () => this.apply()],
        again: ['It stopped: read why below. The approval still holds.', 'Apply again', () => this.apply()],
        stopped: ['It stopped: read why below, then run it again.', plan, () => this.runAll()],
        rejected: ['The plan was rejected: nothing is applied.', 'Plan again', () => this.runAll()],
        waiting: ['It waits for an approval: read below who gives it.', 'Plan again', () => this.runAll()],
        partly: ['Some cells have not run yet.', plan, () => this.runAll()],
        done: ['Done, and the notebook is saved.', following ? following.textContent.replace(/\.$/, '') : '',
          following ? () => following.click() : undefined],
      }[this.state];
    }

    get target() {
      const shown = this.panel.content.node.querySelector('.orgkit-identity h2'); // what AWS confirmed, with the alias
      const target = shown ? shown.textContent : this.facts.target;
      return this.facts.kind === 'emulator' ? `${target} (nothing here touches AWS)` : `\u26a0 ${target}`;
    }

    update() {
      if (this.panel.isDisposed) {
        return;
      }
      const state = this.state;
      if (this.formIsDue && state === 'asking') {
        this.formIsDue = false;
        setTimeout(() => this.show('.orgkit-form', 'center'), SCROLL_MS);
      }
      const [sentence, label, act] = this.next;
      const key = JSON.stringify([state, sentence, label, this.target]);
      if (key === this.key) {
        return;
      }
      this.key = key;
      const where = element('span', 'orgkit-where', this.target);
      const phase = element('span', 'orgkit-phase', this.facts.title);
      const position = element('span', 'orgkit-position', this.facts.position || '');
      const step = element('span', 'orgkit-step', sentence);
      if (state !== 'running') {
        step.setAttribute('role', 'status'); // read aloud, but not each second of an apply
      }
      const buttons = element('span', 'orgkit-buttons');
      if (label) {
        buttons.append(this.button('orgkit-primary', label, act));
      }
      if (this.facts.page !== 'start' && this.facts.startPage) {
        buttons.append(this.button('orgkit-secondary', 'All phases', () => this.app.commands.execute(START_PAGE)));
      }
      buttons.append(this.codeButton());
      const head = element('div', 'orgkit-head');
      head.append(where, position, phase);
      const line = element('div', 'orgkit-line');
      line.append(step, buttons);
      const inner = element('div', 'orgkit-inner');
      inner.append(head, line);
      this.banner.node.replaceChildren(inner);
      this.banner.node.classList.toggle('orgkit-on-aws', this.facts.kind !== 'emulator');
      this.panel.node.dataset.orgkitState = state;
      this.fit();
    }

    button(className, label, act) {
      const button = element('button', className, label);
      button.type = 'button';
      button.addEventListener('click', act);
      return button;
    }

    codeButton() {
      const { classList } = this.panel.node;
      const label = () => (classList.contains('orgkit-code') ? 'Hide code' : 'Show code');
      const button = this.button('orgkit-secondary', label(), () => {
        classList.toggle('orgkit-code');
        this.panel.toolbar.setHidden(!classList.contains('orgkit-code'));
        button.textContent = label();
      });
      return button;
    }

    /** The header is laid out by its least height, which depends on how the banner wraps. */
    fit() {
      const inner = this.banner.node.firstElementChild;
      const height = `${inner ? inner.offsetHeight : 0}px`;
      if (this.banner.node.style.minHeight !== height) {
        this.banner.node.style.minHeight = height;
        this.banner.fit();
        if (this.banner.parent) {
          this.banner.parent.fit();
        }
      }
    }

    /** Bring it into view, with the cursor in its first field; not where somebody is typing in it already. */
    show(selector, block) {
      const place = this.find(selector);
      if (!place || place.contains(document.activeElement)) {
        return;
      }
      place.scrollIntoView({ block });
      const field = place.querySelector('input');
      if (field) {
        field.focus({ preventScroll: true });
      }
    }

    // -- Running cells, as the Run menu does

    async runAll() {
      await this.actions.runAll(this.panel.content, this.panel.sessionContext);
    }

    tagged(name) {
      return this.panel.content.widgets.findIndex(cell => (cell.model.getMetadata('tags') || []).includes(name));
    }

    /** The cell tagged `apply` of this notebook, and those below it. */
    async apply() {
      const index = this.tagged('apply'), notebook = this.panel.content;
      if (index < 0 || this.running) {
        return;
      }
      notebook.deselectAll();
      notebook.activeCellIndex = index;
      notebook.mode = 'command';
      notebook.widgets[index].node.scrollIntoView({ block: 'start' });
      await this.actions.runAllBelow(notebook, this.panel.sessionContext);
    }

    /** The cells of the start page that read AWS; never the form, in which somebody may be typing. */
    async readAgain() {
      const notebook = this.panel.content;
      const cells = notebook.widgets.filter(cell => !(cell.model.getMetadata('tags') || []).includes('form'));
      await this.actions.runCells(notebook, cells, this.panel.sessionContext);
      setTimeout(() => this.show('.orgkit-identity', 'start'), SCROLL_MS);
    }

    async fillForm() {
      await this.runAll();
      this.panel.content.widgets[this.tagged('form')].node.scrollIntoView({ block: 'start' });
    }

    /** After a cell: to the form where a decision is due; to the result, which is saved, where the runbook has ended. */
    executed(cell, success) {
      this.schedule();
      if (this.facts.page === 'start') {
        return;
      }
      const cells = this.panel.content.widgets.filter(each => each.model.type === 'code');
      if (success && cell === cells[cells.length - 1]) {
        this.panel.context.save();
        setTimeout(() => this.show('.orgkit-result', 'start'), SCROLL_MS);
      } else if (!success) {
        this.formIsDue = true;
      }
    }
  }

  // ---- The extension -----------------------------------------------------------------------------------------------

  const ICON =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><g fill="none" stroke="#7a8694" ' +
    'stroke-width="2"><path d="M12 8v4M6 16v-4h12v4"/><rect x="9" y="3" width="6" height="5"/>' +
    '<rect x="3" y="16" width="6" height="5"/><rect x="15" y="16" width="6" height="5"/></g></svg>';
  const START_PAGE = 'orgkit:start-page';

  function startPage() {
    const config = document.getElementById('jupyter-config-data');
    return config ? JSON.parse(config.textContent).orgkitStartPage || '' : '';
  }

  async function extension() {
    const [{ INotebookTracker, NotebookActions }, { ILauncher }, { LabIcon }, { Widget }] = await Promise.all(
      ['@jupyterlab/notebook', '@jupyterlab/launcher', '@jupyterlab/ui-components', '@lumino/widgets'].map(load),
    );
    const icon = new LabIcon({ name: 'orgkit:phases', svgstr: ICON });

    function activate(app, tracker, launcher) {
      const guides = new Map();
      const page = startPage();
      const style = element('link', '');
      Object.assign(style, { rel: 'stylesheet', href: STYLE });
      document.head.append(style);
      document.body.classList.add(ACTIVE);

      const guideOf = node => {
        const panel = tracker.find(each => each.node.contains(node));
        return panel && guides.get(panel.id);
      };

      tracker.widgetAdded.connect(async (_, panel) => {
        await panel.context.ready;
        const facts = panel.model && panel.model.getMetadata('orgkit');
        if (facts && facts.title && !panel.isDisposed) {
          guides.set(panel.id, new Guide(app, panel, { ...facts, startPage: page }, { Widget, NotebookActions }));
          panel.disposed.connect(() => guides.delete(panel.id));
        }
      });

      NotebookActions.executed.connect((_, { notebook, cell, success }) => {
        const guide = guideOf(notebook.node);
        if (guide) {
          guide.executed(cell, success);
        }
      });

      // Buttons in outputs are found by their class, in the notebook that holds them, whichever one is active.
      document.addEventListener('click', event => {
        const button = event.target.closest && event.target.closest('.orgkit-apply, .orgkit-fill-form');
        const guide = button && guideOf(button);
        if (guide) {
          button.classList.contains('orgkit-apply') ? guide.apply() : guide.fillForm();
        }
      });

      if (page) {
        app.restored.then(() => app.shell.collapseLeft()); // the files are one click away, and no part of the way
        app.commands.addCommand(START_PAGE, {
          label: 'All phases',
          icon,
          caption: 'Where each phase of the bootstrap stands',
          execute: async () => {
            const panel = await app.commands.execute('docmanager:open', { path: page });
            await panel.context.ready;
            await panel.sessionContext.ready;
            const guide = guides.get(panel.id);
            if (guide && !guide.running) {
              await guide.readAgain();
            }
          },
        });
        if (launcher) {
          launcher.add({ command: START_PAGE, category: 'orgkit', rank: 0 });
        }
      }
    }

    return {
      __esModule: true,
      default: [{ id: 'orgkit:guide', autoStart: true, requires: [INotebookTracker], optional: [ILauncher], activate }],
    };
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB.orgkit = {
    init: scope => {
      sharedModules = scope;
    },
    get: async () => {
      const module = await extension();
      return () => module;
    },
  };
})();
