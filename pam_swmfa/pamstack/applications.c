/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * applications: see applications.h. One row for each service, as distributions name it. A program
 * that some distributions install with the setuid bit and others without it is in the table as
 * without: there a code can never be right.
 */
#include <config.h>

#include "pamstack/applications.h"

#include <stddef.h>
#include <string.h>

static const struct application applications[] = {
    /* can prompt */
    {"sshd", APPLICATION_ASKS, "sshd"},
    {"login", APPLICATION_ASKS, "login"},
    {"remote", APPLICATION_ASKS, "login from the network"},
    {"polkit-1", APPLICATION_ASKS, "polkit"},
    {"physlock", APPLICATION_ASKS, "physlock"},
    {"cockpit", APPLICATION_ASKS, "Cockpit"},
    {"gdm", APPLICATION_ASKS, "GDM"},
    {"gdm3", APPLICATION_ASKS, "GDM"},
    {"gdm-password", APPLICATION_ASKS, "GDM"},
    {"gdm-fingerprint", APPLICATION_ASKS, "GDM"},
    {"gdm-smartcard", APPLICATION_ASKS, "GDM"},
    {"lightdm", APPLICATION_ASKS, "LightDM"},
    {"greetd", APPLICATION_ASKS, "greetd"},
    {"su", APPLICATION_CALLER, "su"},
    {"su-l", APPLICATION_CALLER, "su -"},
    {"sudo", APPLICATION_CALLER, "sudo"},
    {"sudo-i", APPLICATION_CALLER, "sudo -i"},
    {"doas", APPLICATION_CALLER, "doas"},
    {"chfn", APPLICATION_CALLER, "chfn"},
    {"chsh", APPLICATION_CALLER, "chsh"},
    {"newgrp", APPLICATION_CALLER, "newgrp"},
    /* screen lockers, which run as the user whose screen they lock */
    {"xscreensaver", APPLICATION_NOT_ROOT, "the screen locker XScreenSaver"},
    {"i3lock", APPLICATION_NOT_ROOT, "the screen locker i3lock"},
    {"i3lock-color", APPLICATION_NOT_ROOT, "the screen locker i3lock"},
    {"swaylock", APPLICATION_NOT_ROOT, "the screen locker swaylock"},
    {"waylock", APPLICATION_NOT_ROOT, "the screen locker waylock"},
    {"gtklock", APPLICATION_NOT_ROOT, "the screen locker gtklock"},
    {"hyprlock", APPLICATION_NOT_ROOT, "the screen locker hyprlock"},
    {"schlock", APPLICATION_NOT_ROOT, "the screen locker schlock"},
    {"xsecurelock", APPLICATION_NOT_ROOT, "the screen locker XSecureLock"},
    {"xlock", APPLICATION_NOT_ROOT, "the screen locker xlock"},
    {"kde", APPLICATION_NOT_ROOT, "the screen locker of KDE"},
    {"kde4", APPLICATION_NOT_ROOT, "the screen locker of KDE"},
    {"kde-np", APPLICATION_NOT_ROOT, "the screen locker of KDE"},
    {"kcheckpass", APPLICATION_NOT_ROOT, "the screen locker of KDE"},
    {"kscreensaver", APPLICATION_NOT_ROOT, "the screen locker of KDE"},
    {"kscreenlocker", APPLICATION_NOT_ROOT, "the screen locker of KDE"},
    {"gnome-screensaver", APPLICATION_NOT_ROOT, "the screen locker GNOME Screensaver"},
    {"cinnamon-screensaver", APPLICATION_NOT_ROOT, "the screen locker of Cinnamon"},
    {"mate-screensaver", APPLICATION_NOT_ROOT, "the screen locker of MATE"},
    {"xfce4-screensaver", APPLICATION_NOT_ROOT, "the screen locker of Xfce"},
    {"ukui-screensaver-qt", APPLICATION_NOT_ROOT, "the screen locker of UKUI"},
    {"screen", APPLICATION_NOT_ROOT, "the lock of screen"},

    {"postgresql", APPLICATION_NOT_ROOT, "the server PostgreSQL"},
    {"apache2", APPLICATION_NOT_ROOT, "the web server Apache"},
    {"httpd", APPLICATION_NOT_ROOT, "the web server Apache"},
    {"nginx", APPLICATION_NOT_ROOT, "the web server nginx"},
    {"squid", APPLICATION_NOT_ROOT, "the proxy Squid"},
    {"squid3", APPLICATION_NOT_ROOT, "the proxy Squid"},
    {"exim", APPLICATION_NOT_ROOT, "the mail server Exim"},
    {"exim4", APPLICATION_NOT_ROOT, "the mail server Exim"},
    {"radiusd", APPLICATION_NOT_ROOT, "FreeRADIUS"},
    /* takes only user name and password, over the network or in one dialog */
    {"vsftpd", APPLICATION_NO_PROMPT, "the FTP server vsftpd"},
    {"proftpd", APPLICATION_NO_PROMPT, "the FTP server ProFTPD"},
    {"pure-ftpd", APPLICATION_NO_PROMPT, "the FTP server Pure-FTPd"},
    {"ftp", APPLICATION_NO_PROMPT, "an FTP server"},
    {"ftpd", APPLICATION_NO_PROMPT, "an FTP server"},
    {"dovecot", APPLICATION_NO_PROMPT, "the mail server Dovecot"},
    {"imap", APPLICATION_NO_PROMPT, "a mail server"},
    {"imapd", APPLICATION_NO_PROMPT, "a mail server"},
    {"pop", APPLICATION_NO_PROMPT, "a mail server"},
    {"pop3", APPLICATION_NO_PROMPT, "a mail server"},
    {"pop3d", APPLICATION_NO_PROMPT, "a mail server"},
    {"smtp", APPLICATION_NO_PROMPT, "a mail server"},
    {"smtp.postfix", APPLICATION_NO_PROMPT, "a mail server"},
    {"sieve", APPLICATION_NO_PROMPT, "a mail server"},
    {"esmtp", APPLICATION_NO_PROMPT, "the mail server Courier"},
    {"courier", APPLICATION_NO_PROMPT, "the mail server Courier"},
    {"cyrus", APPLICATION_NO_PROMPT, "saslauthd"},
    {"saslauthd", APPLICATION_NO_PROMPT, "saslauthd"},
    {"ldap", APPLICATION_NO_PROMPT, "a directory server"},
    {"cups", APPLICATION_NO_PROMPT, "the print server CUPS"},
    {"samba", APPLICATION_NO_PROMPT, "the file server Samba"},
    {"netatalk", APPLICATION_NO_PROMPT, "the file server Netatalk"},
    {"openvpn", APPLICATION_NO_PROMPT, "OpenVPN"},
    {"ppp", APPLICATION_NO_PROMPT, "pppd"},
    {"xrdp-sesman", APPLICATION_NO_PROMPT, "the remote desktop xrdp"},
    {"sddm", APPLICATION_NO_PROMPT, "the login screen SDDM"},
    {"sddm-greeter", APPLICATION_NO_PROMPT, "the login screen SDDM"},
    {"lxdm", APPLICATION_NO_PROMPT, "the login screen LXDM"},
    {"slim", APPLICATION_NO_PROMPT, "the login screen SLiM"},
    {"gdm-autologin", APPLICATION_NO_PROMPT, "the login without a password of GDM"},
    {"lightdm-autologin", APPLICATION_NO_PROMPT, "the login without a password of LightDM"},
    {"sddm-autologin", APPLICATION_NO_PROMPT, "the login without a password of SDDM"},
    {"gdm-launch-environment", APPLICATION_NO_PROMPT, "the login screen GDM itself"},
    {"lightdm-greeter", APPLICATION_NO_PROMPT, "the login screen LightDM itself"},
    {"rstudio", APPLICATION_NO_PROMPT, "RStudio Server"},
    {"rlogin", APPLICATION_NO_PROMPT, "rlogind"},
    {"rsh", APPLICATION_NO_PROMPT, "rshd"},
    {"rexec", APPLICATION_NO_PROMPT, "rexecd"},
    /* only has accounts and sessions */
    {"cron", APPLICATION_NO_AUTH, "cron"},
    {"crond", APPLICATION_NO_AUTH, "cron"},
    {"atd", APPLICATION_NO_AUTH, "atd"},
    {"systemd-user", APPLICATION_NO_AUTH, "the user manager of systemd"},
    {"passwd", APPLICATION_NO_AUTH, "passwd"},
    {"runuser", APPLICATION_NO_AUTH, "runuser"},
    {"runuser-l", APPLICATION_NO_AUTH, "runuser"},
};

const struct application *applications_find(const char *service)
{
    static const struct application unknown = {"", APPLICATION_UNKNOWN, ""};
    for (size_t i = 0; i < sizeof(applications) / sizeof(applications[0]); i++)
        if (strcmp(applications[i].service, service) == 0)
            return &applications[i];
    return &unknown;
}
