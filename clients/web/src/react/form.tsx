import {
  createContext,
  type FormEvent,
  type ReactNode,
  useContext,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react';
import { asSekishoError, type FieldViolation, type SekishoError } from '../core/errors.js';
import { describe } from './messages.js';
import { useAuth } from './provider.js';

/** What every component takes, for looks: the parts have classes that begin with `sekisho-`. */
export interface Styled {
  /** Added to the class of the outermost element. */
  readonly className?: string;
}

export function classes(own: string, added: string | undefined): string {
  return added ? `${own} ${added}` : own;
}

const Violations = createContext<readonly FieldViolation[]>([]);

export interface FormProps extends Styled {
  readonly heading: string;
  readonly submit: string;
  /** Says what has happened before this form came up. */
  readonly notice?: string | undefined;
  readonly action: (values: Readonly<Record<string, string>>) => Promise<void>;
  readonly children: ReactNode;
  /** Below the button. */
  readonly footer?: ReactNode;
}

/** A form whose failures are shown at the field that they are about, which gets the focus. */
export function Form(props: FormProps) {
  const { messages, locale } = useAuth();
  const [error, setError] = useState<SekishoError | null>(null);
  const [isBusy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const headingId = useId();

  useEffect(() => {
    if (!error) return;
    const target = form.current?.querySelector<HTMLElement>('[aria-invalid="true"], [role="alert"]');
    target?.focus();
  }, [error]);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (isBusy) return;
    const values = Object.fromEntries(
      [...new FormData(event.currentTarget)].map(([name, value]) => [name, String(value)]),
    );
    setBusy(true);
    setError(null);
    try {
      await props.action(values);
    } catch (thrown) {
      setError(asSekishoError(thrown));
    } finally {
      setBusy(false);
    }
  };

  const violations = error?.fields ?? [];
  return (
    <form
      ref={form}
      className={classes('sekisho-form', props.className)}
      aria-labelledby={headingId}
      lang={locale}
      noValidate
      onSubmit={submit}
    >
      <h2 id={headingId} className="sekisho-heading">
        {props.heading}
      </h2>
      {props.notice && (
        <p className="sekisho-notice" role="status">
          {props.notice}
        </p>
      )}
      {error && violations.length === 0 && (
        <p className="sekisho-error" role="alert" tabIndex={-1}>
          {describe(error, messages)}
        </p>
      )}
      <Violations.Provider value={violations}>{props.children}</Violations.Provider>
      {/* Not `disabled`: the focus would be lost. */}
      <button type="submit" className="sekisho-submit" aria-disabled={isBusy}>
        {props.submit}
      </button>
      {props.footer}
    </form>
  );
}

export interface FieldProps {
  /** As the service calls it. */
  readonly name: string;
  readonly label: string;
  readonly type?: 'text' | 'email' | 'password';
  readonly autoComplete: string;
  readonly inputMode?: 'numeric' | 'email';
  readonly maxLength?: number;
  readonly defaultValue?: string | undefined;
  readonly autoFocus?: boolean;
  readonly isOptional?: boolean;
  readonly onInput?: (value: string) => void;
  readonly describedBy?: string | undefined;
  readonly children?: ReactNode;
}

/** An input with its label, and what is wrong with what is in it. */
export function Field(props: FieldProps) {
  const violations = useContext(Violations).filter(({ field }) => field === props.name);
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const isInvalid = violations.length > 0;
  const described = [isInvalid && `${id}-error`, props.describedBy].filter(Boolean).join(' ');

  useEffect(() => {
    if (props.autoFocus) input.current?.focus();
  }, [props.autoFocus]);

  return (
    <div className="sekisho-field">
      <label className="sekisho-label" htmlFor={id}>
        {props.label}
      </label>
      <input
        ref={input}
        id={id}
        className="sekisho-input"
        name={props.name}
        type={props.type ?? 'text'}
        autoComplete={props.autoComplete}
        inputMode={props.inputMode}
        maxLength={props.maxLength}
        defaultValue={props.defaultValue}
        aria-required={!props.isOptional}
        aria-invalid={isInvalid}
        aria-describedby={described || undefined}
        onInput={(event) => props.onInput?.(event.currentTarget.value)}
      />
      {isInvalid && (
        <p id={`${id}-error`} className="sekisho-field-error">
          {violations.map(({ message }) => message).join(' ')}
        </p>
      )}
      {props.children}
    </div>
  );
}
