// The few icons of the page, drawn on a grid of 16.
import type { ComponentChildren } from 'preact';

function Icon({ children }: { readonly children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const LogoIcon = () => (
  <svg class="logo" viewBox="0 0 20 16" aria-hidden="true" focusable="false">
    <path d="M1 3.5c3-2.4 6-2.4 9 0s6 2.4 9 0" />
    <path d="M1 8.5c3-2.4 6-2.4 9 0s6 2.4 9 0" />
    <path d="M1 13.5c3-2.4 6-2.4 9 0" />
  </svg>
);
export const PinIcon = () => (
  <Icon>
    <path d="M5.5 2.5v11M10.5 2.5v11M2.5 2.5h11v11h-11z" />
  </Icon>
);
export const FacetIcon = () => (
  <Icon>
    <path d="M2.5 4h11M2.5 8h7M2.5 12h4" />
  </Icon>
);
export const StarIcon = () => (
  <Icon>
    <path class="star" d="M8 2.2l1.8 3.7 4 .6-2.9 2.8.7 4L8 11.4l-3.6 1.9.7-4-2.9-2.8 4-.6z" />
  </Icon>
);
export const PauseIcon = () => (
  <Icon>
    <path d="M5.5 3.5v9M10.5 3.5v9" />
  </Icon>
);
export const PlayIcon = () => (
  <Icon>
    <path class="filled" d="M5 3.2v9.6L12.6 8z" />
  </Icon>
);
export const WrapIcon = () => (
  <Icon>
    <path d="M2 4h12M2 8h9.5a2.25 2.25 0 0 1 0 4.5H8M9.7 10.6 7.8 12.5l1.9 1.9M2 12.5h3" />
  </Icon>
);
export const DenseIcon = () => (
  <Icon>
    <path d="M2.5 3h11M2.5 6.3h11M2.5 9.7h11M2.5 13h11" />
  </Icon>
);
export const AutoIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.75" />
    <path class="filled" d="M8 2.25a5.75 5.75 0 0 1 0 11.5z" />
  </Icon>
);
export const SunIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="2.75" />
    <path d="M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9" />
  </Icon>
);
export const MoonIcon = () => (
  <Icon>
    <path d="M13 9.6A5.6 5.6 0 0 1 6.4 3 5.6 5.6 0 1 0 13 9.6z" />
  </Icon>
);
export const SearchIcon = () => (
  <Icon>
    <circle cx="7" cy="7" r="4.25" />
    <path d="m10.2 10.2 3.3 3.3" />
  </Icon>
);
export const CloseIcon = () => (
  <Icon>
    <path d="m4 4 8 8M12 4l-8 8" />
  </Icon>
);
export const HideIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="5.25" />
    <path d="m4.4 4.4 7.2 7.2" />
  </Icon>
);
export const CopyIcon = () => (
  <Icon>
    <path d="M6 5.5h7.5v8H6zM10 5.5v-3H2.5v8H6" />
  </Icon>
);
export const CheckIcon = () => (
  <Icon>
    <path d="m3 8.5 3.2 3.3L13 4.5" />
  </Icon>
);
export const ListIcon = () => (
  <Icon>
    <path d="M2.5 4h11M2.5 8h11M2.5 12h7" />
  </Icon>
);
export const DownIcon = () => (
  <Icon>
    <path d="M8 3v9.5M4 8.7l4 4 4-4" />
  </Icon>
);
