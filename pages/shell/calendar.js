// A month of days, each a button with its figure; what they say is made in Python.

const element = (name, of = {}, ...children) => {
  const made = Object.assign(document.createElement(name), of);
  made.append(...children);
  return made;
};

function cell(day, choose) {
  if (!day) return element('td');
  const number = element('span', { className: 'number', textContent: day.number });
  if (!day.figure) {
    const none = element('div', { className: 'none', title: day.said }, number, element('span', { className: 'figure', textContent: '–' }));
    none.setAttribute('role', 'img');
    none.setAttribute('aria-label', day.said);
    return element('td', {}, none);
  }
  const bar = element('span', { className: 'bar' });
  bar.style.width = `${Math.min(100, 100 * day.share)}%`;
  const button = element(
    'button', { type: 'button', title: day.said, className: day.colour ? '' : 'unknown', onclick: () => choose(day.date) },
    number, element('span', { className: 'figure', textContent: day.figure }), bar,
  );
  button.style.setProperty('--level', day.colour || 'transparent');
  button.setAttribute('aria-label', day.said);
  button.setAttribute('aria-pressed', day.chosen);
  return element('td', {}, button);
}

function legend(levels) {
  const items = levels.map(([word, colour]) => {
    const sign = element('i', { className: colour ? '' : 'none' });
    sign.style.setProperty('--level', colour || 'transparent');
    return element('span', {}, sign, word);
  });
  return element('div', { className: 'legend' }, ...items);
}

function chooser(data, choose) {
  const at = data.months.findIndex(([value]) => value === data.month);
  const step = (label, sign, to) => {
    const button = element('button', { type: 'button', textContent: sign, title: label, disabled: !data.months[to], onclick: () => choose(data.months[to][0]) });
    button.setAttribute('aria-label', label);
    return button;
  };
  const options = data.months.map(([value, label]) => element('option', { value, textContent: label }));
  const select = element('select', { onchange: () => choose(select.value) }, ...options);
  select.setAttribute('aria-label', 'Month');
  select.value = data.month;
  return element('div', { className: 'months' }, step('Earlier month', '‹', at - 1), select, step('Later month', '›', at + 1));
}

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector('.calendar');
  const focused = root.getRootNode().activeElement?.title;
  const head = element('tr', {}, ...data.weekdays.map((name) => element('th', { textContent: name, scope: 'col' })));
  const choose = (date) => setTriggerValue('day', date);
  const weeks = data.weeks.map((week) => element('tr', {}, ...week.map((day) => cell(day, choose))));
  const table = element('table', {}, element('thead', {}, head), element('tbody', {}, ...weeks));
  root.replaceChildren(chooser(data, (month) => setTriggerValue('month', month)), table, legend(data.levels));
  if (focused) [...root.querySelectorAll('button')].find((button) => button.title === focused)?.focus();
}
