/** Light or dark: as the system is, unless the reader chooses. */

const CHOICES = ['auto', 'light', 'dark'] as const;
type ThemeChoice = (typeof CHOICES)[number];

const KEY = 'autolrs-theme';
const system = matchMedia('(prefers-color-scheme: dark)');

export function isDark(): boolean {
  const choice = chosen();
  return choice === 'auto' ? system.matches : choice === 'dark';
}

function chosen(): ThemeChoice {
  const { theme } = document.documentElement.dataset;
  return CHOICES.find((choice) => choice === theme) ?? 'auto';
}

/** Makes the button work. */
export function offerThemes(button: HTMLButtonElement, onChange: () => void): void {
  const show = (choice: ThemeChoice) => {
    document.documentElement.dataset['theme'] = choice;
    button.textContent = `Theme: ${choice}`;
  };
  show(remembered());
  button.hidden = false;
  button.addEventListener('click', () => {
    const next = CHOICES[(CHOICES.indexOf(chosen()) + 1) % CHOICES.length] ?? 'auto';
    remember(next);
    show(next);
    onChange();
  });
  system.addEventListener('change', onChange);
}

/** Files may have no memory. */
function remembered(): ThemeChoice {
  try {
    const word = localStorage.getItem(KEY);
    return CHOICES.find((choice) => choice === word) ?? 'auto';
  } catch {
    return 'auto';
  }
}

function remember(choice: ThemeChoice): void {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // It lasts as long as the page is open.
  }
}
